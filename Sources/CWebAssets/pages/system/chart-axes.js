// What stands behind the series: the value axis, ticks and grid lines, thresholds and annotations.

import { extent } from "./series.js";
import { cssColor } from "./color.js";
import { linearAxis, logAxis, timeTicks } from "./scale.js";
import { xOf, yOf } from "./chart-paint.js";

/** Pixels around the plot where axes are drawn. */
export const MARGIN = { top: 8, right: 12, bottom: 22, left: 8 };

/** Ranges longer than this are labelled without seconds. */
const SECONDS_TOLD_MILLIS = 360_000;

/** The theme's colours as the canvas needs them. @typedef {{text: string, strong: string, grid: string, ground: string, line: string, accent: string, font: string, value: (name: string) => string}} Ink */

/** @param {Element} element @returns {Ink} */
export function readInk(element) {
  const style = getComputedStyle(element);
  const value = (name) => style.getPropertyValue(name).trim();
  return {
    text: value("--muted"), strong: value("--text-soft"), grid: value("--grid"), ground: value("--surface"),
    line: value("--line-strong"), accent: value("--accent"), font: `12px ${value("--sans")}`, value,
  };
}

/** A colour as the canvas understands it: variables looked up. @param {Ink} ink @param {string} color */
export function inkOf(ink, color) {
  const variable = /^var\((--[\w-]+)\)$/.exec(color);
  return variable ? ink.value(variable[1]) || ink.text : color;
}

/**
 * The value axis that holds what is shown. Starts at zero where that costs little height; stacks and bars always.
 * @param {import("./chart.js").Drawn[]} list @param {import("./chart.js").ChartData} data @param {import("./chart.js").ChartOptions} options @param {number} height pixels
 */
export function valueAxis(list, data, options, height) {
  let [low, high, positive] = [Infinity, -Infinity, Infinity];
  const reach = (value) => {
    if (value === undefined || value === null) return;
    low = Math.min(low, value);
    high = Math.max(high, value);
  };
  for (const drawn of list) {
    if (!drawn.shown) continue;
    extent(drawn.times, drawn.values, data.from, data.to)?.forEach(reach);
    if (drawn.base || drawn.style.draw === "bars") reach(0);
    if (options.scale === "log") for (const value of drawn.values) if (value > 0 && value < positive) positive = value;
  }
  reach(options.softMin);
  reach(options.softMax);
  if (low > high) [low, high] = [0, 1];
  const most = Math.max(2, Math.min(6, Math.floor(height / 36)));
  if (options.scale === "log") {
    const least = positive === Infinity ? 0.1 : positive;
    return logAxis(options.min > 0 ? options.min : least, options.max ?? Math.max(high, least), most);
  }
  if (options.stack === "percent") return linearAxis(0, 100, { unit: "percent", most, min: 0, max: 100 });
  if (low > 0 && low <= high * 0.6) low = 0;
  return linearAxis(low, high, { unit: options.unit, most, min: options.min ?? undefined, max: options.max ?? undefined });
}

/**
 * Grid lines with their labels, and the labels of the time axis.
 * @param {CanvasRenderingContext2D} context @param {import("./chart-paint.js").View} view @param {Ink} ink @param {number[]} ticks @param {string[]} labels of the ticks; none where there is nothing to measure
 */
export function paintAxes(context, view, ink, ticks, labels) {
  const { left, top, width, height, ratio } = view;
  context.textBaseline = "middle";
  context.textAlign = "right";
  ticks.forEach((tick, index) => {
    const y = yOf(view, tick);
    if (y < top - 1 || y > top + height + 1) return;
    context.fillStyle = ink.grid;
    context.fillRect(left, Math.round(y * ratio) / ratio, width, 1);
    context.fillStyle = ink.text;
    if (labels[index] !== undefined) context.fillText(labels[index], left - 8, y + 0.5);
  });
  context.textBaseline = "alphabetic";
  context.textAlign = "center";
  const room = view.to - view.from > SECONDS_TOLD_MILLIS ? 48 : 76;
  for (const { time, label, strong } of timeTicks(view.from, view.to, Math.max(2, Math.min(6, Math.floor(width / room))))) {
    const half = context.measureText(label).width / 2;
    context.fillStyle = strong ? ink.strong : ink.text;
    context.fillText(label, Math.max(left - 6 + half, Math.min(xOf(view, time), left + width + MARGIN.right - half - 1)), top + height + 17);
  }
}

/** @param {CanvasRenderingContext2D} context @param {import("./chart-paint.js").View} view @param {Ink} ink @param {import("./chart.js").ChartOptions} options */
export function paintThresholds(context, view, ink, { thresholds = [], thresholdStyle }) {
  if (thresholdStyle === "off") return;
  const { left, top, width, height } = view;
  thresholds.forEach((threshold, index) => {
    if (threshold.value === null || threshold.value === undefined) return;
    const color = inkOf(ink, cssColor(threshold.color));
    const y = yOf(view, threshold.value);
    if (thresholdStyle !== "line") {
      const next = thresholds[index + 1]?.value;
      const ceiling = next === undefined || next === null ? top : Math.max(top, yOf(view, next));
      const floor = Math.min(y, top + height);
      context.globalAlpha = 0.08;
      context.fillStyle = color;
      if (floor > ceiling) context.fillRect(left, ceiling, width, floor - ceiling);
      context.globalAlpha = 1;
    }
    if (thresholdStyle === "area" || y < top - 1 || y > top + height + 1) return;
    context.strokeStyle = color;
    context.lineWidth = 1;
    context.setLineDash([4, 4]);
    context.beginPath();
    context.moveTo(left, y);
    context.lineTo(left + width, y);
    context.stroke();
    context.setLineDash([]);
  });
}

/** @param {CanvasRenderingContext2D} context @param {import("./chart-paint.js").View} view @param {Ink} ink @param {NonNullable<import("./chart.js").ChartData["annotations"]>} annotations */
export function paintAnnotations(context, view, ink, annotations) {
  const { top, height } = view;
  for (const note of annotations) {
    const x = xOf(view, note.time);
    const end = note.timeEnd && note.timeEnd > note.time ? xOf(view, note.timeEnd) : x;
    context.fillStyle = inkOf(ink, cssColor(note.color ?? "var(--accent)"));
    context.globalAlpha = 0.1;
    if (end > x) context.fillRect(x, top, end - x, height);
    context.globalAlpha = 0.7;
    for (let y = top; y < top + height; y += 6) context.fillRect(x, y, 1, 3);
    context.beginPath();
    context.moveTo(x - 4, top + height);
    context.lineTo(x + 5, top + height);
    context.lineTo(x + 0.5, top + height - 6);
    context.fill();
    context.globalAlpha = 1;
  }
}
