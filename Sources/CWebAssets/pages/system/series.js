// Columns of numbers: from a Prometheus answer to the chart's series, and what one says of a series in a word (last, mean, …).

/** @typedef {import("./chart.js").ChartSeries} ChartSeries */

/**
 * The series of a range query's answer on one shared grid of times. Steps without a sample are NaN, that is gaps.
 * @param {{metric: Record<string, string>, values?: [number, string][], histograms?: any[]}[]} result of resultType "matrix"
 * @param {{start: number, end: number, step: number}} grid seconds
 * @param {{name?: (metric: Record<string, string>) => string, unit?: string}} [how] `name` defaults to the labels that differ
 * @returns {ChartSeries[]}
 */
export function fromMatrix(result, { start, end, step }, { name, unit } = {}) {
  const length = Math.max(1, Math.floor((end - start) / step + 1e-6) + 1);
  const times = new Float64Array(length);
  for (let index = 0; index < length; index++) times[index] = Math.round((start + index * step) * 1000);
  const names = name ? result.map((entry) => name(entry.metric)) : distinguishingNames(result.map((entry) => entry.metric));
  return result.map((entry, at) => {
    const values = new Float64Array(length).fill(NaN);
    for (const [time, text] of entry.values ?? []) {
      const index = Math.round((time - start) / step);
      if (index >= 0 && index < length) values[index] = toNumber(text);
    }
    return { name: names[at], labels: entry.metric, times, values, unit };
  });
}

/** A sample value as Prometheus writes it. @param {string|number} text */
export const toNumber = (text) => (text === "+Inf" ? Infinity : text === "-Inf" ? -Infinity : Number(text));

/**
 * A number of milliseconds between points that gives about a point per two pixels, in round steps, never under `least`.
 * @param {number} spanMillis @param {number} width pixels @param {number} [least] milliseconds @param {number} [most] points
 */
export function queryStep(spanMillis, width, least = 1000, most = 1000) {
  const rough = Math.max(spanMillis / Math.min(most, Math.max(50, width / 2)), least);
  const steps = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400];
  return (steps.find((seconds) => seconds * 1000 >= rough) ?? Math.ceil(rough / 86400000) * 86400) * 1000;
}

/** `name{label="value", …}` as PromQL writes it. @param {Record<string, string>} labels */
export function metricText(labels) {
  const { __name__: name = "", ...rest } = labels;
  const pairs = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return pairs.length || !name ? `${name}{${pairs.join(", ")}}` : name;
}

/**
 * A name for each series that says only what tells it from the others: labels that all share are left out. A single series keeps its whole name.
 * @param {Record<string, string>[]} list
 */
export function distinguishingNames(list) {
  if (list.length < 2) return list.map((labels) => metricText(labels));
  const shared = sharedLabels(list);
  return list.map((labels) => {
    const own = Object.fromEntries(Object.entries(labels).filter(([key]) => !(key in shared)));
    const { __name__: name, ...rest } = own;
    const entries = Object.entries(rest);
    if (!name && entries.length === 1 && /[a-z]{2}/i.test(entries[0][1])) return entries[0][1];
    if (!name && entries.length) return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}=${value}`).join("  ");
    if (!name) return metricText(labels);
    return metricText(own);
  });
}

/** The labels, name included, that every one of these has with the same value. @param {Record<string, string>[]} list */
export function sharedLabels(list) {
  const shared = { ...list[0] };
  for (const labels of list) for (const key of Object.keys(shared)) if (labels[key] !== shared[key]) delete shared[key];
  return shared;
}

/** One number for a series, NaN when it has none. @param {ArrayLike<number>} values @param {import("./chart.js").Calc} calc */
export function calculate(values, calc) {
  let [first, last, min, max, sum, count, squares] = [NaN, NaN, Infinity, -Infinity, 0, 0, 0];
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value !== value) continue;
    if (count === 0) first = value;
    last = value;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    squares += value * value;
    count++;
  }
  if (calc === "count") return count;
  if (count === 0) return NaN;
  switch (calc) {
    case "first": return first;
    case "min": return min;
    case "max": return max;
    case "sum": return sum;
    case "mean": return sum / count;
    case "range": return max - min;
    case "diff": return last - first;
    case "stdDev": return Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
    case "last": return last;
    default: return last;
  }
}

/** The index of the time nearest to `time`; −1 when there is none. @param {Float64Array} times ascending @param {number} time */
export function nearestIndex(times, time) {
  const after = firstIndexFrom(times, time);
  if (after === 0) return times.length ? 0 : -1;
  if (after === times.length) return times.length - 1;
  return time - times[after - 1] <= times[after] - time ? after - 1 : after;
}

/** The first index whose time is ≥ `time`, or the length. @param {Float64Array} times @param {number} time */
export function firstIndexFrom(times, time) {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** [lowest, highest] finite value within a range of times, or null. @param {Float64Array} times @param {Float64Array} values @param {number} from @param {number} to */
export function extent(times, values, from, to) {
  let [low, high] = [Infinity, -Infinity];
  const end = firstIndexFrom(times, to + 1);
  for (let index = firstIndexFrom(times, from); index < end; index++) {
    const value = values[index];
    if (value < low && value !== -Infinity) low = value;
    if (value > high && value !== Infinity) high = value;
  }
  return low <= high ? [low, high] : null;
}
