// A small curve without axes, as SVG: a line over its fading area.

import { svg } from "../system/dom.js";

let number = 0;

/**
 * @param {Float64Array} times @param {Float64Array} values @param {{from: number, to: number}} range milliseconds
 * @param {string} [color] CSS colour
 */
export function sparkline(times, values, { from, to }, color = "var(--accent)") {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const span = high - low || Math.abs(high) || 1;
  const bottom = low - span * 0.12;
  let line = "";
  let area = "";
  let start = NaN;
  let last = NaN;
  const close = () => { if (start === start) area += `V40H${start.toFixed(1)}Z`; };
  for (let at = 0; at < values.length; at++) {
    if (values[at] !== values[at]) {
      close();
      start = NaN;
      continue;
    }
    const x = ((times[at] - from) / (to - from)) * 200;
    const y = 38 - ((values[at] - bottom) / (high - bottom || 1)) * 35;
    const point = `${x.toFixed(1)} ${y.toFixed(1)}`;
    if (start !== start) {
      start = x;
      area += `M${point}`;
      line += `M${point}`;
    } else {
      area += `L${point}`;
      line += `L${point}`;
    }
    last = x;
  }
  if (last === last) close();
  const id = `spark-${number++}`;
  return svg("svg", { class: "sparkline", viewBox: "0 0 200 40", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("defs", {}, svg("linearGradient", { id, x1: 0, y1: 0, x2: 0, y2: 1 }, svg("stop", { offset: 0, "stop-color": color, "stop-opacity": 0.28 }), svg("stop", { offset: 1, "stop-color": color, "stop-opacity": 0 }))),
    svg("path", { d: area, fill: `url(#${id})` }),
    svg("path", { d: line, fill: "none", stroke: color, "stroke-width": 1.5, "stroke-linejoin": "round", "vector-effect": "non-scaling-stroke" }));
}
