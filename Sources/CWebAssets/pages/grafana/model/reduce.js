// A column of values as one: Grafana's calculations by their names, old and new.

import { calculate } from "../../system/series.js";

const OLD = { current: "lastNotNull", avg: "mean", total: "sum", delta: "diff" };
const LABELS = {
  last: "Last", lastNotNull: "Last", first: "First", firstNotNull: "First", min: "Min", max: "Max", mean: "Mean", sum: "Total", count: "Count",
  range: "Range", diff: "Difference", stdDev: "Deviation", median: "Median", diffperc: "Change",
};

/** Today's name of a calculation. @param {string} name */
export const calcName = (name) => OLD[name] ?? name;

/** What people call it. @param {string} name */
export const calcLabel = (name) => LABELS[calcName(name)] ?? name;

/** @param {ArrayLike<any>} values @param {string} name */
export function reduce(values, name) {
  const calc = calcName(name);
  if (typeof values[0] === "string") return calc.startsWith("first") ? values[0] : calc === "count" ? values.length : values[values.length - 1];
  switch (calc) {
    case "last": return values.length ? values[values.length - 1] : NaN;
    case "firstNotNull": return calculate(values, "first");
    case "median": {
      const sorted = Float64Array.from(values).filter((value) => value === value).sort();
      return sorted.length ? (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2 : NaN;
    }
    case "diffperc": return calculate(values, "diff") / calculate(values, "first");
    case "lastNotNull": case "min": case "max": case "mean": case "sum": case "count": case "range": case "diff": case "stdDev": case "first": return calculate(values, calc);
    default: return calculate(values, "lastNotNull");
  }
}
