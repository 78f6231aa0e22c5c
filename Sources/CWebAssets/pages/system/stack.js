// Stacking: series laid on one another, positive values upward and negative ones downward, on one grid of times.

import { nearestIndex } from "./series.js";

/** @typedef {{times: Float64Array, values: Float64Array, base: Float64Array}} Layer `values` is the upper edge, `base` the lower; NaN in both is a gap */

/**
 * @param {{times: Float64Array, values: Float64Array}[]} list bottom first @param {"normal"|"percent"} mode percent: shares of the sum of absolute values, 0…100
 * @param {number} tolerance milliseconds by which a point may stand beside the grid, where series have grids of their own
 * @returns {Layer[]}
 */
export function stackLayers(list, mode, tolerance) {
  if (!list.length) return [];
  const times = sharedGrid(list);
  const columns = list.map((series) => (sameTimes(series.times, times) ? series.values : ontoGrid(series, times, tolerance)));
  const length = times.length;
  const totals = mode === "percent" ? new Float64Array(length) : null;
  for (const column of totals ? columns : []) {
    for (let index = 0; index < length; index++) if (column[index] === column[index]) totals[index] += Math.abs(column[index]);
  }
  const up = new Float64Array(length);
  const down = new Float64Array(length);
  return columns.map((column) => {
    const values = new Float64Array(length).fill(NaN);
    const base = new Float64Array(length).fill(NaN);
    for (let index = 0; index < length; index++) {
      if (column[index] !== column[index]) continue;
      const value = totals ? (totals[index] ? (column[index] / totals[index]) * 100 : 0) : column[index];
      const side = value < 0 ? down : up;
      base[index] = side[index];
      side[index] += value;
      values[index] = side[index];
    }
    return { times, values, base };
  });
}

function sharedGrid(list) {
  const first = list[0].times;
  if (list.every(({ times }) => sameTimes(times, first))) return first;
  return Float64Array.from(new Set(list.flatMap(({ times }) => [...times]))).sort();
}

const sameTimes = (a, b) => a === b || (a.length === b.length && a.every((time, index) => time === b[index]));

function ontoGrid({ times, values }, grid, tolerance) {
  const column = new Float64Array(grid.length).fill(NaN);
  if (!times.length) return column;
  for (let index = 0; index < grid.length; index++) {
    const at = nearestIndex(times, grid[index]);
    if (Math.abs(times[at] - grid[index]) <= tolerance) column[index] = values[at];
  }
  return column;
}
