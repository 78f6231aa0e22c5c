// Traces as points, time by duration on a logarithmic scale: outliers stand out, failures are crosses, a drag narrows the search.

import { cssValue, el } from "../system/dom.js";
import { clockTime, count, dateTime } from "../system/format.js";
import { took } from "./took.js";

/** @typedef {ReturnType<typeof import("./model.js").summarise>} Summary */

const LEFT = 58;
const BOTTOM = 22;
const TOP = 10;
const RIGHT = 12;
const REACH = 14;
/** Round lengths from a minute on, where tens are none: 1, 3, 10 and 30 minutes, 1 and 3 hours, 10 hours, a day. */
const CLOCK_MICROS = [6e7, 18e7, 6e8, 18e8, 36e8, 108e8, 36e9, 864e8];

export class Scatter {
  /**
   * @param {{onOpen: (trace: Summary) => void, onNarrow: (box: {from: number, to: number, min: number, max: number}) => void,
   *   onPoint: (trace: Summary | null) => void}} hooks times in microseconds
   */
  constructor(hooks) {
    this.hooks = hooks;
    /** @type {Summary[]} */
    this.traces = [];
    this.colors = new Map();
    this.canvas = el("canvas");
    this.halo = el(".scatter-halo", { hidden: true });
    this.tip = el(".scatter-tip", { hidden: true });
    this.brush = el(".scatter-brush", { hidden: true });
    this.element = el(".scatter", { role: "img" }, this.canvas, this.brush, this.halo, this.tip);
    new ResizeObserver(() => this.draw()).observe(this.element);
    addEventListener("themechange", () => this.draw());
    this.element.addEventListener("pointermove", (event) => this.#point(event));
    this.element.addEventListener("pointerleave", () => this.mark(null));
    this.element.addEventListener("pointerdown", (event) => this.#drag(event));
  }

  /**
   * @param {Summary[]} traces @param {Map<string, string>} colors by service
   * @param {{from: number, to: number}} range microseconds
   */
  show(traces, colors, range) {
    this.traces = traces;
    this.colors = colors;
    this.range = range;
    let [least, most] = [Infinity, 0];
    for (const trace of traces) {
      least = Math.min(least, Math.max(1, trace.durationMicros));
      most = Math.max(most, trace.durationMicros);
    }
    this.low = Math.log10(least) - 0.12;
    this.high = Math.max(Math.log10(Math.max(1, most)) + 0.12, this.low + 0.5);
    this.most = traces.reduce((sum, trace) => Math.max(sum, trace.spans), 1);
    this.element.setAttribute("aria-label", `${count(traces.length, "trace")} by time and duration, ${took(least)} to ${took(most)}`);
    this.mark(null);
    this.draw();
  }

  #place(trace) {
    return { x: this.#x(trace.startMicros), y: this.#y(trace.durationMicros), r: 3 + 6 * Math.sqrt(trace.spans / this.most) };
  }

  #x(micros) { return LEFT + ((micros - this.range.from) / Math.max(1, this.range.to - this.range.from)) * (this.width - LEFT - RIGHT); }
  #y(micros) { return TOP + (1 - (Math.log10(Math.max(1, micros)) - this.low) / (this.high - this.low)) * (this.height - TOP - BOTTOM); }

  draw() {
    this.width = this.element.clientWidth;
    this.height = this.element.clientHeight;
    if (!this.width || !this.range) return;
    const scale = devicePixelRatio || 1;
    this.canvas.width = Math.round(this.width * scale);
    this.canvas.height = Math.round(this.height * scale);
    const context = this.canvas.getContext("2d");
    context.scale(scale, scale);
    context.font = `12px ${getComputedStyle(this.element).fontFamily}`;
    this.#axes(context);
    const bad = cssValue("--bad");
    const surface = cssValue("--surface");
    for (const trace of [...this.traces].sort((a, b) => b.spans - a.spans)) {
      const { x, y, r } = this.#place(trace);
      context.globalAlpha = 0.82;
      context.fillStyle = this.colors.get(trace.rootService) ?? cssValue("--muted");
      context.beginPath();
      context.arc(x, y, r, 0, 7);
      context.fill();
      context.globalAlpha = 1;
      context.lineWidth = 1;
      context.strokeStyle = surface;
      context.stroke();
      if (!trace.errors) continue;
      context.lineWidth = 2;
      context.strokeStyle = bad;
      context.beginPath();
      context.arc(x, y, r + 2, 0, 7);
      context.moveTo(x - 2.5, y - 2.5);
      context.lineTo(x + 2.5, y + 2.5);
      context.moveTo(x + 2.5, y - 2.5);
      context.lineTo(x - 2.5, y + 2.5);
      context.stroke();
    }
  }

  #axes(context) {
    context.fillStyle = cssValue("--muted");
    context.strokeStyle = cssValue("--grid");
    context.lineWidth = 1;
    context.textBaseline = "middle";
    context.textAlign = "right";
    const steps = this.high - this.low > 2.6 ? [1] : this.high - this.low > 1.2 ? [1, 3] : [1, 2, 5];
    let above = Infinity;
    const lengths = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((power) => steps.map((step) => step * 10 ** power)).filter((micros) => micros < 6e7);
    for (const micros of [...lengths, ...(steps.length > 1 ? CLOCK_MICROS : CLOCK_MICROS.filter((_, index) => index % 2 === 0))]) {
      const at = Math.log10(micros);
      if (at < this.low || at > this.high) continue;
      const y = Math.round(this.#y(micros)) + 0.5;
      if (above - y < 18) continue;
      above = y;
      context.beginPath();
      context.moveTo(LEFT, y);
      context.lineTo(this.width - RIGHT, y);
      context.stroke();
      context.fillText(took(micros), LEFT - 8, y);
    }
    context.textAlign = "center";
    const width = this.width - LEFT - RIGHT;
    const step = timeStep((this.range.to - this.range.from) / 1000, Math.max(2, Math.floor(width / 110)));
    const zone = new Date(this.range.from / 1000).getTimezoneOffset() * 60000;
    for (let at = Math.ceil((this.range.from / 1000 - zone) / step) * step + zone; at <= this.range.to / 1000; at += step) {
      const x = this.#x(at * 1000);
      if (x < LEFT + 20 || x > this.width - RIGHT - 20) continue;
      context.fillText(step >= 864e5 ? dateTime(at).slice(5, 10) : step < 6e4 ? clockTime(at) : dateTime(at).slice(11, 16), x, this.height - BOTTOM / 2 + 2);
    }
  }

  /** Rings one trace, or none. @param {Summary | null} trace */
  mark(trace) {
    this.marked = trace;
    this.halo.hidden = this.tip.hidden = !trace;
    if (!trace) return;
    const { x, y, r } = this.#place(trace);
    Object.assign(this.halo.style, { left: `${x - r - 5}px`, top: `${y - r - 5}px`, width: `${2 * r + 10}px`, height: `${2 * r + 10}px` });
    this.tip.replaceChildren(el("b", took(trace.durationMicros)), el("span", `${trace.rootService}: ${trace.rootOperation}`),
      el("span.muted", `${count(trace.spans, "span")}${trace.errors ? `, ${count(trace.errors, "error")}` : ""}, ${dateTime(trace.startMicros / 1000)}`));
    const right = x > this.width / 2;
    Object.assign(this.tip.style, { left: right ? "" : `${x + r + 10}px`, right: right ? `${this.width - x + r + 10}px` : "", top: `${Math.max(4, Math.min(this.height - 66, y - 30))}px` });
  }

  #nearest(event) {
    const box = this.element.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best = null;
    let least = REACH;
    for (const trace of this.traces) {
      const point = this.#place(trace);
      const far = Math.max(0, Math.hypot(point.x - x, point.y - y) - point.r);
      if (far < least) [best, least] = [trace, far];
    }
    return best;
  }

  #point(event) {
    if (!this.range || !this.brush.hidden) return;
    const trace = this.#nearest(event);
    this.element.classList.toggle("pointing", Boolean(trace));
    if (trace === this.marked) return;
    this.mark(trace);
    this.hooks.onPoint(trace);
  }

  #drag(event) {
    if (event.button || !this.range || event.pointerType === "touch") {
      if (event.pointerType === "touch") {
        const trace = this.#nearest(event);
        if (trace && trace === this.marked) this.hooks.onOpen(trace);
        else this.mark(trace);
      }
      return;
    }
    const box = this.element.getBoundingClientRect();
    const at = (e) => ({ x: Math.min(this.width - RIGHT, Math.max(LEFT, e.clientX - box.left)), y: Math.min(this.height - BOTTOM, Math.max(TOP, e.clientY - box.top)) });
    const start = at(event);
    const hit = this.#nearest(event);
    this.element.setPointerCapture(event.pointerId);
    const move = (e) => {
      const now = at(e);
      this.brush.hidden = Math.hypot(now.x - start.x, now.y - start.y) < 6;
      if (!this.brush.hidden) this.mark(null);
      Object.assign(
        this.brush.style,
        {
          left: `${Math.min(start.x, now.x)}px`, top: `${Math.min(start.y, now.y)}px`, width: `${Math.abs(now.x - start.x)}px`,
          height: `${Math.abs(now.y - start.y)}px`,
        },
      );
    };
    this.element.addEventListener("pointermove", move);
    this.element.addEventListener("lostpointercapture", (e) => {
      this.element.removeEventListener("pointermove", move);
      const dragged = !this.brush.hidden;
      this.brush.hidden = true;
      if (!dragged) return hit && this.hooks.onOpen(hit);
      const now = at(e);
      const time = (x) => this.range.from + ((x - LEFT) / (this.width - LEFT - RIGHT)) * (this.range.to - this.range.from);
      const length = (y) => 10 ** (this.low + (1 - (y - TOP) / (this.height - TOP - BOTTOM)) * (this.high - this.low));
      this.hooks.onNarrow({ from: time(Math.min(start.x, now.x)), to: time(Math.max(start.x, now.x)), min: length(Math.max(start.y, now.y)), max: length(Math.min(start.y, now.y)) });
    }, { once: true });
  }
}

function timeStep(span, most) {
  const steps = [1e3, 5e3, 15e3, 3e4, 6e4, 3e5, 6e5, 9e5, 18e5, 36e5, 108e5, 216e5, 432e5, 864e5];
  return steps.find((step) => span / step <= most) ?? Math.ceil(span / most / 864e5) * 864e5;
}
