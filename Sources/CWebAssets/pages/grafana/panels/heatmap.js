// How values spread over time: histogram buckets as rows, a cell's strength by its count.

import { cssValue, el, fill } from "../../system/dom.js";
import { rgb } from "../../system/color.js";
import { clockTime, dateTime, format } from "../../system/format.js";
import { numberFields, timeField } from "../model/frames.js";

/** @typedef {{label: string, bound: number, below: number}} Bucket `below`: the bound under it */

const LEFT = 56;
const BOTTOM = 22;
const TOP = 4;

export class HeatMap {
  /** @param {HTMLElement} body @param {any} panel @param {import("./answer.js").Surroundings} around */
  constructor(body, panel, around) {
    this.panel = panel;
    this.around = around;
    this.canvas = el("canvas");
    this.tip = el(".tip", { hidden: true });
    this.cell = el(".heat-cell", { hidden: true });
    this.note = el("p.panel-note", { hidden: true });
    this.plot = el(".heat", { role: "img" }, this.canvas, this.cell, this.note);
    body.append(this.plot);
    document.body.append(this.tip);
    this.observer = new ResizeObserver(() => this.paint());
    this.observer.observe(this.plot);
    this.onTheme = () => this.paint();
    addEventListener("themechange", this.onTheme);
    this.plot.addEventListener("pointermove", (event) => this.#point(event));
    this.plot.addEventListener("pointerleave", () => this.#point(null));
  }

  destroy() {
    this.observer.disconnect();
    removeEventListener("themechange", this.onTheme);
    this.tip.remove();
  }

  /** @param {import("./answer.js").Answer} answer */
  show(answer) {
    const grid = gridOf(answer.frames);
    this.range = answer.range;
    this.grid = grid;
    const unit = this.panel.options?.yAxis?.unit ?? this.panel.fieldConfig?.defaults?.unit ?? this.panel.yAxis?.format;
    this.say = (value) => (Number.isFinite(value) ? format(value, unit) : "∞");
    this.note.hidden = Boolean(grid);
    this.note.textContent = answer.noData;
    this.plot.setAttribute("aria-label", grid ? `${this.around.title}: ${grid.buckets.length} buckets up to ${this.say(grid.buckets.at(-1)?.bound ?? NaN)}` : answer.noData);
    this.paint();
  }

  paint() {
    const [width, height] = [this.plot.clientWidth, this.plot.clientHeight];
    if (!width || !height) return;
    const scale = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    const { grid } = this;
    if (!grid) return;
    const context = this.canvas.getContext("2d");
    context.scale(scale, scale);
    this.view = { left: LEFT, top: TOP, width: width - LEFT - 8, height: height - BOTTOM - TOP };
    const { left, top, width: across, height: up } = this.view;
    const ramp = colors();
    const rows = grid.buckets.length;
    const cell = (grid.step / (this.range.to - this.range.from)) * across;
    const gap = cell > 6 ? 1 : -0.5; // narrow cells overlap a little: seams would be stripes
    for (let row = 0; row < rows; row++) {
      const y = top + up * (1 - (row + 1) / rows);
      for (let column = 0; column < grid.times.length; column++) {
        const count = grid.counts[row * grid.times.length + column];
        if (!(count > 0)) continue;
        const x = left + ((grid.times[column] - grid.step - this.range.from) / (this.range.to - this.range.from)) * across;
        if (x + cell < left || x > left + across) continue;
        context.fillStyle = ramp[Math.min(ramp.length - 1, Math.floor(Math.sqrt(count / grid.most) * ramp.length))];
        const from = Math.max(left, x);
        context.fillRect(from, y + 0.5, Math.max(1, Math.min(left + across, x + cell) - from - gap), Math.max(1, up / rows - 1));
      }
    }
    context.font = `12px ${getComputedStyle(this.plot).fontFamily}`;
    context.fillStyle = cssValue("--muted");
    context.textBaseline = "middle";
    context.textAlign = "right";
    const every = Math.ceil(18 / (up / rows));
    for (let row = 0; row < rows; row += every) context.fillText(this.say(grid.buckets[row].bound), left - 8, top + up * (1 - (row + 0.5) / rows));
    context.textAlign = "center";
    const ticks = Math.max(2, Math.floor(across / 90));
    const step = [1e4, 3e4, 6e4, 3e5, 6e5, 9e5, 18e5, 36e5, 108e5, 216e5, 432e5, 864e5].find((one) => (this.range.to - this.range.from) / one <= ticks) ?? 6048e5;
    for (let at = Math.ceil(this.range.from / step) * step; at <= this.range.to; at += step) {
      const x = left + ((at - this.range.from) / (this.range.to - this.range.from)) * across;
      const text = step >= 864e5 ? dateTime(at).slice(5, 10) : step < 6e4 ? clockTime(at) : dateTime(at).slice(11, 16);
      if (x > left + 16 && x < left + across - 14) context.fillText(text, x, height - BOTTOM / 2 + 2);
    }
  }

  #point(event) {
    const { grid, view } = this;
    this.tip.hidden = this.cell.hidden = true;
    if (!event || !grid || !view) return;
    const box = this.plot.getBoundingClientRect();
    const share = (event.clientX - box.left - view.left) / view.width;
    const rise = 1 - (event.clientY - box.top - view.top) / view.height;
    if (share < 0 || share > 1 || rise < 0 || rise >= 1) return;
    const moment = this.range.from + share * (this.range.to - this.range.from);
    const column = grid.times.findIndex((time) => time >= moment);
    const row = Math.floor(rise * grid.buckets.length);
    if (column < 0) return;
    const bucket = grid.buckets[row];
    const count = grid.counts[row * grid.times.length + column];
    const total = grid.buckets.reduce((sum, _, at) => sum + (grid.counts[at * grid.times.length + column] || 0), 0);
    const [from, to] = [grid.times[column] - grid.step, grid.times[column]].map((time) => view.left + ((time - this.range.from) / (this.range.to - this.range.from)) * view.width);
    Object.assign(this.cell.style, {
      left: `${Math.max(view.left, from)}px`, width: `${Math.max(2, Math.min(view.left + view.width, to) - Math.max(view.left, from))}px`,
      top: `${view.top + view.height * (1 - (row + 1) / grid.buckets.length)}px`, height: `${view.height / grid.buckets.length}px`,
    });
    const line = (name, value) => el(".tip-row", el("span"), el("span.tip-name", name), el("b", value));
    fill(this.tip, el(".tip-head", dateTime(grid.times[column])), line(`${this.say(bucket.below)} to ${this.say(bucket.bound)}`, count === count ? format(count) : "–"),
      total > 0 && line("of all", format(count / total, "percentunit")));
    this.tip.hidden = this.cell.hidden = false;
    const width = this.tip.offsetWidth;
    const left = event.clientX + 16 + width > innerWidth ? event.clientX - width - 16 : event.clientX + 16;
    Object.assign(this.tip.style, { left: `${left}px`, top: `${Math.min(innerHeight - this.tip.offsetHeight - 8, event.clientY + 12)}px` });
  }
}

/** Counts of each bucket's own from cumulative `le` series, summed over their other labels; null without any. */
function gridOf(frames) {
  /** @type {Map<number, Map<number, number>>} */
  const sums = new Map();
  let step = 0;
  let cumulative = true;
  for (const frame of frames) {
    const time = timeField(frame);
    if (!time) continue;
    if (frame.meta.type === "heatmap-rows") cumulative = false;
    step = Math.max(step, time.config.interval ?? 0);
    for (const field of numberFields(frame)) {
      const text = field.labels?.le ?? field.name;
      const bound = /^\+?inf$/i.test(text) ? Infinity : Number(text);
      if (Number.isNaN(bound)) continue;
      const row = sums.get(bound) ?? new Map();
      sums.set(bound, row);
      for (let at = 0; at < field.values.length; at++) if (field.values[at] === field.values[at]) row.set(time.values[at], (row.get(time.values[at]) ?? 0) + field.values[at]);
    }
  }
  const bounds = [...sums.keys()].sort((a, b) => a - b);
  const times = [...new Set([...sums.values()].flatMap((row) => [...row.keys()]))].sort((a, b) => a - b);
  if (!bounds.length || !times.length) return null;
  if (!step) step = times.length > 1 ? Math.min(...times.slice(1).map((time, at) => time - times[at])) : 15000;
  const counts = new Float64Array(bounds.length * times.length).fill(NaN);
  let most = 0;
  times.forEach((time, column) => {
    let below = 0;
    bounds.forEach((bound, row) => {
      const value = sums.get(bound)?.get(time);
      if (value === undefined) return;
      const own = cumulative ? Math.max(0, value - below) : value;
      below = value;
      counts[row * times.length + column] = own < 1e-9 ? 0 : own;
      most = Math.max(most, own);
    });
  });
  const buckets = bounds.map((bound, row) => ({ label: String(bound), bound, below: row ? bounds[row - 1] : 0 }));
  return { buckets, times, step, counts, most: most || 1 };
}

/** From the ground over blue and violet to amber: light tells counts apart also without hue. */
function colors() {
  const stops = [cssValue("--surface"), "#2f4f9e", "#7a55b8", "#d9657a", "#f6a23c", "#fbe08a"].map(rgb);
  const dark = document.documentElement.dataset.theme !== "light";
  const path = dark ? stops : [stops[0], [251, 224, 138], [246, 162, 60], [217, 101, 122], [122, 85, 184], [47, 79, 158]];
  return Array.from({ length: 48 }, (_, at) => {
    const place = 0.35 + (at / 47) * (path.length - 1 - 0.35);
    const low = Math.min(path.length - 2, Math.floor(place));
    const share = place - low;
    return `rgb(${path[low].map((part, channel) => Math.round(part * (1 - share) + path[low + 1][channel] * share)).join(" ")})`;
  });
}
