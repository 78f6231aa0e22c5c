// Panels of older dashboards (graph, singlestat, table-old) said in today's words, so that the rest knows one form only.

const NULLS = { connected: true, null: false, "null as zero": false };
const CALCS = [["current", "lastNotNull"], ["avg", "mean"], ["min", "min"], ["max", "max"], ["total", "sum"]];

/** @param {any} panel as the dashboard has it @returns {any} */
export function modernise(panel) {
  switch (panel.type) {
    case "graph": return graph(panel);
    case "singlestat": case "grafana-singlestat-panel": return singleStat(panel);
    case "table-old": return { ...panel, type: "table" };
    case "grafana-piechart-panel": return {
      ...panel, type: "piechart",
      options: { pieType: panel.pieType ?? "pie", legend: { displayMode: "table", placement: "right", values: ["value", "percent"] }, ...panel.options },
    };
    case "text": return { ...panel, options: { mode: panel.mode ?? "markdown", content: panel.content ?? "", ...panel.options } };
    default: return panel;
  }
}

function graph(panel) {
  const [left = {}, right = {}] = panel.yaxes ?? [];
  const legend = panel.legend ?? {};
  const custom = {
    drawStyle: panel.bars ? "bars" : panel.lines === false && panel.points ? "points" : "line",
    lineWidth: panel.linewidth ?? 1, fillOpacity: (panel.fill ?? 1) * 10, showPoints: panel.points ? "always" : "auto", spanNulls: NULLS[panel.nullPointMode] ?? false,
    lineInterpolation: panel.steppedLine ? "stepAfter" : "linear", stacking: { mode: panel.stack ? (panel.percentage ? "percent" : "normal") : "none" },
    scaleDistribution: { type: left.logBase > 1 ? "log" : "linear" }, axisLabel: left.label ?? "", ...panel.fieldConfig?.defaults?.custom,
  };
  const thresholds = (panel.thresholds ?? []).filter((step) => typeof step.value === "number");
  if (thresholds.length) custom.thresholdsStyle = { mode: thresholds.some((step) => step.line !== false) ? "line" : "area" };
  const steps = thresholds.map((step) => ({
    value: step.value, color: { critical: "red", warning: "orange", ok: "green" }[step.colorMode] ?? step.lineColor ?? "red",
  })).sort((a, b) => a.value - b.value);
  const defaults = {
    unit: left.format ?? panel.yformats?.[0], min: limit(left.min), max: limit(left.max), decimals: left.decimals ?? panel.decimals,
    color: { mode: "palette-classic" }, ...panel.fieldConfig?.defaults, custom,
  };
  if (steps.length) defaults.thresholds = { mode: "absolute", steps: [{ value: null, color: "transparent" }, ...steps] };
  return {
    ...panel, type: "timeseries",
    fieldConfig: { defaults, overrides: [...(panel.fieldConfig?.overrides ?? []), ...seriesOverrides(panel, right), ...aliasColors(panel)] },
    options: {
      legend: {
        showLegend: legend.show !== false, displayMode: legend.alignAsTable || (legend.values && legend.rightSide) ? "table" : "list", placement: legend.rightSide ? "right" : "bottom",
        calcs: legend.values ? CALCS.filter(([old]) => legend[old]).map(([, calc]) => calc) : [],
      },
      tooltip: { mode: panel.tooltip?.shared === false ? "single" : "multi", sort: "none" }, ...panel.options,
    },
  };
}

const limit = (value) => (value === null || value === undefined || value === "" || value === "auto" ? undefined : Number(value));

function seriesOverrides(panel, right) {
  return (panel.seriesOverrides ?? []).map((override) => {
    const properties = [];
    const set = (id, value) => value !== undefined && properties.push({ id, value });
    set("custom.transform", override.transform);
    set("custom.fillOpacity", override.fill === undefined ? undefined : override.fill * 10);
    set("custom.lineWidth", override.linewidth);
    set("custom.drawStyle", override.bars ? "bars" : override.points && override.lines === false ? "points" : undefined);
    set("custom.stacking", override.stack === false ? { mode: "none" } : undefined);
    set("color", override.color ? { mode: "fixed", fixedColor: override.color } : undefined);
    if (override.dashes) set("custom.lineStyle", { fill: "dash", dash: [override.dashLength ?? 10, override.spaceLength ?? 10] });
    if (override.yaxis === 2) {
      set("unit", right.format);
      set("custom.axisPlacement", "right");
    }
    const alias = String(override.alias ?? "");
    return { matcher: /^\/.*\/[a-z]*$/.test(alias) ? { id: "byRegexp", options: alias } : { id: "byName", options: alias }, properties };
  });
}

const aliasColors = (panel) => Object.entries(panel.aliasColors ?? {}).map(([name, color]) => ({
  matcher: { id: "byName", options: name }, properties: [{ id: "color", value: { mode: "fixed", fixedColor: color } }],
}));

function singleStat(panel) {
  const colors = panel.colors ?? ["green", "orange", "red"];
  const bounds = String(panel.thresholds ?? "").split(",").map(Number).filter((value, at, all) => !Number.isNaN(value) && all[at] !== undefined && panel.thresholds);
  const steps = [{ value: null, color: panel.colorValue || panel.colorBackground ? colors[0] : "text" }, ...bounds.map((value, at) => ({ value, color: colors[at + 1] ?? "red" }))];
  const gauge = panel.gauge?.show === true;
  return {
    ...panel, type: gauge ? "gauge" : "stat",
    fieldConfig: {
      defaults: {
        unit: panel.format, decimals: panel.decimals, min: gauge ? panel.gauge.minValue ?? 0 : undefined,
        max: gauge ? panel.gauge.maxValue ?? 100 : undefined, noValue: panel.nullText ?? undefined,
        thresholds: { mode: "absolute", steps }, color: { mode: "thresholds" }, mappings: (panel.valueMaps ?? []).map((map) => ({ ...map, type: 1 })), ...panel.fieldConfig?.defaults,
      },
      overrides: panel.fieldConfig?.overrides ?? [],
    },
    options: {
      reduceOptions: { calcs: [{
        current: "lastNotNull", avg: "mean", total: "sum", first: "first", min: "min", max: "max", range: "range", delta: "diff", diff: "diff",
      }[panel.valueName ?? "avg"] ?? "lastNotNull"] },
      colorMode: panel.colorBackground ? "background" : panel.colorValue ? "value" : "none", graphMode: panel.sparkline?.show ? "area" : "none", textMode: "value", ...panel.options,
    },
  };
}
