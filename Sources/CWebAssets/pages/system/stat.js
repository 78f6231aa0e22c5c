// One number, big, with how it went behind it.

import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { format, formatParts } from "./format.js";
import { cssColor, thresholdColor } from "./color.js";
import { extent } from "./series.js";
import { fillArea, strokeLine, trace } from "./chart-paint.js";

/**
 * @typedef {object} StatOptions
 * @property {string} [title]
 * @property {string} [unit] @property {number|null} [decimals]
 * @property {{value: number|null, color: string}[]} [thresholds]
 * @property {"value"|"background"|"none"} [color] what the threshold's colour paints; default "value" where there are thresholds
 * @property {boolean} [graph] the sparkline; default true
 * @property {(value: number) => string|null} [text] words for values, where a panel maps them
 */

/** @typedef {{value: number|null, name?: string, previous?: number, sparkline?: {times: Float64Array, values: Float64Array}, noData?: string, color?: string}} StatData `name` stands above the number */

export class Stat {
  /** @param {HTMLElement} element @param {StatOptions} [options] */
  constructor(element, options = {}) {
    this.options = { unit: "short", graph: true, ...options };
    this.canvas = el("canvas.stat-graph", { "aria-hidden": "true" });
    this.text = el("div.stat-text");
    this.root = el("div.stat", { role: "img" }, this.canvas, this.text);
    element.append(this.root);
    this.observer = new ResizeObserver(() => this.paint());
    this.observer.observe(this.root);
    this.stops = new AbortController();
    addEventListener("themechange", () => this.paint(), { signal: this.stops.signal });
  }

  /** @param {StatData} data */
  setData(data) {
    this.data = data;
    const { options } = this;
    const known = data.value !== null && data.value !== undefined && data.value === data.value;
    const words = known ? options.text?.(data.value) : null;
    const { head, number, unit } = formatParts(data.value, options.unit, options.decimals);
    const paints = options.color ?? (options.thresholds?.length ? "value" : "none");
    this.colorName = data.color ? cssColor(data.color) : thresholdColor(known ? options.thresholds : [], data.value);
    this.root.style.setProperty("--color", this.colorName);
    this.root.dataset.paints = known ? paints : "none";
    fill(this.text,
      data.name ? el("span.stat-name", data.name) : null,
      known ? el("span.stat-value", words ?? [head, number, unit ? el("small", unit.trim()) : null]) : el("span.stat-none", data.noData ?? "No data"),
      known && data.previous ? this.#change(data.value, data.previous) : null);
    this.root.setAttribute("aria-label",
      `${[options.title, data.name].filter(Boolean).join(", ")}: ${known ? words ?? format(data.value, options.unit, options.decimals) : data.noData ?? "no data"}`,
    );
    this.paint();
  }

  /** A skeleton until the first data. */
  setLoading() {
    if (!this.data) fill(this.text, el("div.skeleton", { style: { width: "96px", height: "28px" } }));
  }

  /** @param {string} sentence */
  setError(sentence) {
    this.data = undefined;
    this.root.dataset.paints = "none";
    fill(this.text, el("span.stat-none.bad", icon("error", 16), sentence));
    this.paint();
  }

  /** Paints the sparkline and fits the number to the box. */
  paint() {
    const [width, height] = [this.root.clientWidth, this.root.clientHeight];
    if (!width || !height) return;
    const value = this.text.querySelector(".stat-value");
    this.root.dataset.size = height >= 72 && width >= (value?.textContent.length ?? 0) * 17 + 16 ? "big" : "small";
    const ratio = devicePixelRatio || 1;
    [this.canvas.width, this.canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    const line = this.options.graph && height >= 64 ? this.data?.sparkline : null;
    const ends = line?.times.length > 1 ? extent(line.times, line.values, line.times[0], line.times.at(-1)) : null;
    if (!ends) return;
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const [min, max] = ends[0] === ends[1] ? [ends[0] - 1, ends[1] + 1] : ends;
    const view = {
      left: 0, top: height * 0.62, width, height: height * 0.38 - 2, from: line.times[0], to: line.times.at(-1), min,
      max, log: false, ratio, gap: Infinity,
    };
    const style = getComputedStyle(this.root);
    const named = /^var\((--[\w-]+)\)$/.exec(this.colorName);
    const color = this.root.dataset.paints === "background" ? "#ffffff" : named ? style.getPropertyValue(named[1]).trim() : this.colorName;
    const points = trace(line.times, line.values, view, 0, 0);
    fillArea(context, points, null, height, `color-mix(in srgb, ${color} 14%, transparent)`, "linear");
    strokeLine(context, points, { color, width: 1.5, interpolation: "linear", span: width });
  }

  #change(value, previous) {
    const share = (value - previous) / Math.abs(previous);
    if (!Number.isFinite(share)) return null;
    return el("span.stat-change",
      `${share > 0 ? "▲" : share < 0 ? "▼" : "="} ${format(Math.abs(share), "percentunit", Math.abs(share) < 0.1 ? 1 : 0)}`,
    );
  }

  destroy() {
    this.observer.disconnect();
    this.stops.abort();
    this.root.remove();
  }
}
