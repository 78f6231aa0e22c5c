// A value between two ends: as an arc, or as bars beside one another.

import { el, fill, svg } from "./dom.js";
import { format, formatParts } from "./format.js";
import { cssColor, thresholdColor } from "./color.js";

/** @typedef {{value: number|null, color: string}[]} Thresholds ascending; the first value may be null */
/** @typedef {{title?: string, unit?: string, decimals?: number|null, min?: number, max?: number, thresholds?: Thresholds}} GaugeOptions */

const SWEEP = 240;
const RADIUS = 80;

export class Gauge {
  /** @param {HTMLElement} element @param {GaugeOptions} [options] */
  constructor(element, options = {}) {
    this.options = { unit: "short", min: 0, max: 100, ...options };
    this.root = el("div.gauge", { role: "img" });
    element.append(this.root);
  }

  /** @param {{value: number|null, name?: string, noData?: string}} data */
  setData({ value, name, noData = "No data" }) {
    const { unit, decimals, min, max, thresholds = [], title } = this.options;
    const known = value !== null && value !== undefined && value === value;
    const share = (number) => Math.max(0, Math.min(1, (number - min) / (max - min || 1)));
    const color = thresholds.length && known ? thresholdColor(thresholds, value) : "var(--accent)";
    const { head, number, unit: unitText } = formatParts(value, unit, decimals);
    const bands = thresholds.filter((step) => step.value === null || step.value < max).map((step, index, list) => arc(RADIUS + 11, share(step.value ?? min), share(list[index + 1]?.value ?? max), 3, cssColor(step.color)));
    const picture = svg("svg", { viewBox: "0 0 200 160", "aria-hidden": "true" },
      arc(RADIUS, 0, 1, 14, "var(--press)"), ...(known && share(value) > 0 ? [arc(RADIUS, 0, share(value), 14, color)] : []), ...(bands.length > 1 ? bands : []));
    fill(this.root, picture, el("div.gauge-text", known ? el("b", head, number, el("small", unitText.trim())) : el("span.muted", noData), name ? el("span", name) : null));
    this.root.setAttribute("aria-label", `${[title, name].filter(Boolean).join(", ")}: ${known ? format(value, unit, decimals) : noData}, of ${format(min, unit)} to ${format(max, unit)}`);
  }

  destroy() {
    this.root.remove();
  }
}

/** A part of the ring, from and to as shares of the sweep. */
function arc(radius, from, to, width, color) {
  const point = (share) => {
    const angle = ((share * SWEEP - 90 - SWEEP / 2) * Math.PI) / 180;
    return `${(100 + radius * Math.cos(angle)).toFixed(2)} ${(100 + radius * Math.sin(angle)).toFixed(2)}`;
  };
  return svg("path", { d: `M${point(from)} A${radius} ${radius} 0 ${(to - from) * SWEEP > 180 ? 1 : 0} 1 ${point(to)}`, fill: "none", style: `stroke: ${color}`, "stroke-width": width });
}

export class BarGauge {
  /** @param {HTMLElement} element @param {GaugeOptions & {orientation?: "horizontal"|"vertical"}} [options] */
  constructor(element, options = {}) {
    this.options = { unit: "short", min: 0, orientation: "horizontal", ...options };
    this.root = el("div.bar-gauge");
    element.append(this.root);
  }

  /** @param {{bars: {name: string, value: number|null, color?: string}[], noData?: string}} data without `max` the longest bar is the greatest value */
  setData({ bars, noData = "No data" }) {
    const { unit, decimals, min, orientation, thresholds = [] } = this.options;
    const greatest = this.options.max ?? Math.max(...bars.map(({ value }) => value ?? 0), min + Number.EPSILON);
    this.root.dataset.orientation = orientation;
    fill(this.root, bars.length ? bars.map(({ name, value, color }) => el("div.bar-gauge-row",
      el("span.bar-gauge-name", { title: name }, name),
      el("span.bar-gauge-track", el("i", { style: { "--share": `${Math.max(0, Math.min(1, ((value ?? min) - min) / (greatest - min || 1))) * 100}%`, "--color": color ? cssColor(color) : thresholds.length ? thresholdColor(thresholds, value ?? min) : "var(--accent)" } })),
      el("b.bar-gauge-value", format(value, unit, decimals)))) : el("p.chart-note", noData));
  }

  destroy() {
    this.root.remove();
  }
}
