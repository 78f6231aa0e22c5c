// Curves over time, on the product's chart.

import { TimeChart } from "../../system/chart.js";
import { thresholdColor } from "../../system/color.js";
import { numberFields, timeField } from "../model/frames.js";
import { absoluteSteps } from "../model/fieldconfig.js";
import { calcName } from "../model/reduce.js";

/** @typedef {import("./answer.js").Answer} Answer @typedef {import("./answer.js").Surroundings} Surroundings */

const CALCS = new Set(["last", "lastNotNull", "first", "mean", "min", "max", "sum", "count", "range", "stdDev", "diff"]);
const SHAPES = { linear: "linear", smooth: "smooth", stepBefore: "stepBefore", stepAfter: "stepAfter" };
const THRESHOLDS = { off: "off", line: "line", dashed: "line", area: "area", "line+area": "both", "dashed+area": "both", series: "off" };

export class TimeSeries {
  /** @param {HTMLElement} body @param {any} panel @param {Surroundings} around */
  constructor(body, panel, around) {
    this.panel = panel;
    const { defaults = {} } = panel.fieldConfig ?? {};
    const { legend = {}, tooltip = {} } = panel.options ?? {};
    const custom = defaults.custom ?? {};
    const calcs = (legend.calcs ?? []).map((name) => (calcName(name) === "firstNotNull" ? "first" : calcName(name))).filter((name) => CALCS.has(name));
    const shown = legend.showLegend !== false && legend.displayMode !== "hidden";
    this.chart = new TimeChart(body, {
      title: around.title, unit: defaults.unit || "short", decimals: defaults.decimals ?? null, group: around.group,
      stack: custom.stacking?.mode === "normal" || custom.stacking?.mode === "percent" ? custom.stacking.mode : "none",
      scale: custom.scaleDistribution?.type === "log" ? "log" : "linear", min: number(defaults.min), max: number(defaults.max),
      softMin: number(custom.axisSoftMin), softMax: number(custom.axisSoftMax),
      thresholds: absoluteSteps({
        thresholds: { mode: defaults.thresholds?.mode, steps: defaults.thresholds?.steps ?? [] }, min: number(defaults.min),
        max: number(defaults.max),
      }).map((step) => ({ ...step })),
      thresholdStyle: THRESHOLDS[custom.thresholdsStyle?.mode ?? "off"] ?? "off",
      legend: !shown ? "none" : calcs.length ? "table" : "list", legendPlacement: legend.placement === "right" ? "right" : "bottom", calcs,
      tooltip: tooltip.mode === "none" ? "none" : tooltip.mode === "single" ? "single" : "all", tooltipSort: tooltip.sort === "desc" || tooltip.sort === "asc" ? "value" : "near",
      onZoom: (from, to) => around.time.zoom(from, to), onZoomBack: () => around.time.zoomBack(), onPan: (from, to) => around.time.set(from, to), pinActions: around.pinActions,
    });
  }

  /** @param {Answer} answer */
  show({ frames, range, marks, look, noData }) {
    const series = [];
    let step = 0;
    for (const frame of frames) {
      const time = timeField(frame);
      if (!time) continue;
      step = Math.max(step, time.config.interval ?? 0);
      for (const field of numberFields(frame)) {
        const config = look(field, frame);
        if (config.custom.hideFrom?.viz) continue;
        series.push({
          name: config.name, labels: field.labels, times: time.values, values: config.custom.transform === "negative-Y" ? field.values.map((value) => -value) : field.values,
          unit: config.unit, color: colorOf(config, field.values), style: styleOf(config.custom),
        });
      }
    }
    this.chart.setData({ from: range.from, to: range.to, series: unlike(series), step: step || undefined, annotations: marks, noData });
  }

  loading() { this.chart.setLoading(); }
  error(sentence, query) { this.chart.setError(sentence, query); }
  destroy() { this.chart.destroy(); }
}

const number = (value) => (value === null || value === undefined || value === "" || Number.isNaN(Number(value)) ? undefined : Number(value));

function styleOf(custom) {
  return {
    draw: custom.drawStyle === "bars" ? "bars" : custom.drawStyle === "points" ? "points" : "line",
    fill: custom.fillOpacity === undefined ? undefined : custom.fillOpacity / 100, lineWidth: custom.lineWidth === 1 ? 1.5 : custom.lineWidth,
    interpolation: SHAPES[custom.lineInterpolation] ?? "linear", dash: custom.lineStyle?.fill === "dash" || custom.lineStyle?.fill === "dot" ? custom.lineStyle.dash ?? [6, 4] : undefined,
    points: custom.showPoints === "always" ? "always" : custom.showPoints === "never" ? "never" : "auto", connect: custom.spanNulls,
  };
}

function colorOf(config, values) {
  const { mode, fixedColor } = config.color;
  if ((mode === "fixed" || mode === "shades") && fixedColor) return fixedColor;
  if (mode !== "thresholds" || !config.thresholds.steps.length) return undefined;
  for (let at = values.length - 1; at >= 0; at--) if (values[at] === values[at]) return thresholdColor(absoluteSteps(config), values[at]);
  return undefined;
}

/**
 * Tells series apart for the chart: names twice the same are counted, and where queries share their labels, colours hang on the names.
 * @param {import("../../system/chart.js").ChartSeries[]} series
 */
function unlike(series) {
  const names = new Map();
  const labels = new Map();
  const keys = series.map((one) => JSON.stringify(Object.entries(one.labels ?? {}).sort()));
  for (const key of keys) labels.set(key, (labels.get(key) ?? 0) + 1);
  series.forEach((one, at) => {
    const times = names.get(one.name) ?? 0;
    names.set(one.name, times + 1);
    if (times) one.name = `${one.name} (${times + 1})`;
    if (labels.get(keys[at]) > 1) one.labels = undefined;
  });
  return series;
}
