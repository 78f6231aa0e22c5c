// Buckets over time: how many observations fell where, darker for more. Canvas, a tooltip for the cell under the pointer.

import { el, fill } from "./dom.js";
import { dateTime, format, relativeTime } from "./format.js";
import { MARGIN, paintAxes, readInk } from "./chart-axes.js";
import { rgb } from "./color.js";
import { nearestIndex, toNumber } from "./series.js";
import { hideTip, showTip } from "./tooltip.js";
import { xOf } from "./chart-paint.js";

/**
 * @typedef {object} HeatData
 * @property {number} from @property {number} to @property {number} step milliseconds
 * @property {number[]} buckets upper bounds, ascending; the last may be Infinity
 * @property {Float64Array} times
 * @property {Float64Array} counts row by row: bucket b at time t stands at b × times.length + t; NaN where there was none
 * @property {string} [noData]
 */

/** From few to many, on a dark and on a light ground. */
const RAMPS = { dark: ["#1d2b44", "#27508f", "#4c8dff", "#8fd0ff", "#f4fbff"], light: ["#e3edfd", "#a9c9fb", "#5b95f2", "#1f5fc9", "#0c2d66"] };

export class HeatMap {
  /** @param {HTMLElement} element @param {{title?: string, unit?: string, countUnit?: string}} [options] */
  constructor(element, options = {}) {
    this.options = { unit: "short", countUnit: "short", title: "", ...options };
    this.canvas = el("canvas.chart-base", { "aria-hidden": "true" });
    this.note = el("div.chart-note", { hidden: true });
    this.plot = el("div.chart-plot", { role: "img" }, this.canvas, this.note);
    this.scale = el("div.heat-scale");
    this.root = el("div.chart", this.plot, this.scale);
    element.append(this.root);
    this.observer = new ResizeObserver(() => this.paint());
    this.observer.observe(this.plot);
    this.stops = new AbortController();
    addEventListener("themechange", () => this.paint(), { signal: this.stops.signal });
    this.plot.addEventListener("pointermove", (event) => this.#hover(event));
    this.plot.addEventListener("pointerleave", hideTip);
  }

  /** @param {HeatData} data */
  setData(data) {
    this.data = data;
    this.greatest = data.counts.reduce((most, value) => (value > most ? value : most), 0);
    this.note.hidden = this.greatest > 0;
    fill(this.note, el("p", data.noData ?? "No observations in this time range."));
    this.plot.setAttribute("aria-label", `${this.options.title}: heat map of ${data.buckets.length} buckets, at most ${format(this.greatest, this.options.countUnit)} in one.`);
    this.paint();
  }

  /** Paints everything. */
  paint() {
    const [width, height] = [this.plot.clientWidth, this.plot.clientHeight];
    if (!width || !height || !this.data) return;
    const ratio = devicePixelRatio || 1;
    [this.canvas.width, this.canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const ink = readInk(this.plot);
    context.font = ink.font;
    const { buckets, times, counts, from, to, step } = this.data;
    const names = buckets.map((bound) => (bound === Infinity ? "more" : format(bound, this.options.unit)));
    const left = MARGIN.left + Math.ceil(Math.max(20, ...names.map((name) => context.measureText(name).width))) + 8;
    const view = (this.view = { left, top: MARGIN.top, width: width - left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom, from, to, min: 0, max: buckets.length, log: false, ratio, gap: Infinity });
    const every = Math.ceil(buckets.length / Math.max(2, Math.min(12, Math.floor(view.height / 18))));
    paintAxes(context, view, { ...ink, grid: "transparent" }, names.map((_, index) => index + 1), names.map((name, index) => ((names.length - 1 - index) % every === 0 ? name : "")));
    const ramp = RAMPS[document.documentElement.dataset.theme === "light" ? "light" : "dark"];
    const row = view.height / buckets.length;
    const crisp = (pixel) => Math.round(pixel * ratio) / ratio;
    context.save();
    context.beginPath();
    context.rect(view.left, view.top, view.width, view.height);
    context.clip();
    for (let time = 0; time < times.length; time++) {
      const [x, end] = [crisp(xOf(view, times[time] - step / 2)), crisp(xOf(view, times[time] + step / 2))];
      for (let bucket = 0; bucket < buckets.length; bucket++) {
        const value = counts[bucket * times.length + time];
        if (!(value > 0)) continue;
        context.fillStyle = rampColor(ramp, Math.sqrt(value / this.greatest));
        const y = crisp(view.top + view.height - (bucket + 1) * row);
        context.fillRect(x, y, Math.max(1 / ratio, end - x - (end - x > 6 ? 1 : 0)), Math.max(1 / ratio, crisp(row) - (row > 6 ? 1 : 0)));
      }
    }
    context.restore();
    fill(this.scale, el("span", "0"), el("i", { style: { background: `linear-gradient(90deg, ${ramp.join(", ")})` } }), el("span", format(this.greatest, this.options.countUnit)));
    this.scale.hidden = !this.greatest;
  }

  #hover(event) {
    if (!this.view || !this.greatest) return;
    const box = this.plot.getBoundingClientRect();
    const { view, data } = this;
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const bucket = Math.floor(((view.top + view.height - y) / view.height) * data.buckets.length);
    const time = nearestIndex(data.times, view.from + ((x - view.left) / view.width) * (view.to - view.from));
    if (bucket < 0 || bucket >= data.buckets.length || time < 0 || x < view.left) return hideTip();
    const [low, high] = [bucket ? data.buckets[bucket - 1] : null, data.buckets[bucket]];
    const name = high === Infinity ? `over ${format(low, this.options.unit)}` : low === null ? `up to ${format(high, this.options.unit)}` : `${format(low, this.options.unit)} to ${format(high, this.options.unit)}`;
    showTip({ x: event.clientX, y: event.clientY, head: dateTime(data.times[time]), detail: relativeTime(data.times[time]), rows: [{ color: "var(--accent)", name, value: format(data.counts[bucket * data.times.length + time], this.options.countUnit) }] });
  }

  /** @param {string} sentence */
  setError(sentence) {
    this.data = undefined;
    this.greatest = 0;
    this.canvas.width = this.canvas.width;
    this.scale.hidden = true;
    this.note.hidden = false;
    fill(this.note, el("p", sentence));
  }

  destroy() {
    this.observer.disconnect();
    this.stops.abort();
    this.root.remove();
  }
}

function rampColor(ramp, share) {
  const place = Math.min(ramp.length - 1.001, share * (ramp.length - 1));
  const [a, b] = [rgb(ramp[Math.floor(place)]), rgb(ramp[Math.floor(place) + 1])];
  const part = place % 1;
  return `rgb(${a.map((value, index) => Math.round(value + (b[index] - value) * part)).join(" ")})`;
}

/**
 * Cumulative "le" series of one classic histogram as a heat map's buckets.
 * @param {import("./chart.js").ChartSeries[]} list on one grid of times, as `fromMatrix` gives them @returns {{buckets: number[], times: Float64Array, counts: Float64Array}}
 */
export function bucketsOf(list) {
  const rows = list.filter((series) => series.labels?.le !== undefined).map((series) => ({ bound: toNumber(series.labels.le), series })).sort((a, b) => a.bound - b.bound);
  const times = rows[0]?.series.times ?? new Float64Array(0);
  const counts = new Float64Array(rows.length * times.length);
  rows.forEach(({ series }, bucket) => {
    for (let time = 0; time < times.length; time++) counts[bucket * times.length + time] = Math.max(0, series.values[time] - (bucket ? rows[bucket - 1].series.values[time] : 0));
  });
  return { buckets: rows.map(({ bound }) => bound), times, counts };
}
