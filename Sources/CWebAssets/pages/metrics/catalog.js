// What the server knows to be asked for: metric names, labels, values and help texts, fetched once and kept for a minute.

import { prometheus } from "../system/request.js";

const KEPT_MILLIS = 60_000;

/** @type {Map<string, {at: number, answer: Promise<any>}>} */
const kept = new Map();

function cached(path, query, otherwise) {
  const key = `${path} ${JSON.stringify(query)}`;
  const known = kept.get(key);
  if (known && Date.now() - known.at < KEPT_MILLIS) return known.answer;
  const answer = prometheus(path, { query }).then(({ data }) => data ?? otherwise).catch(() => {
    kept.delete(key);
    return otherwise;
  });
  kept.set(key, { at: Date.now(), answer });
  return answer;
}

/** Every metric name, sorted. @returns {Promise<string[]>} */
export const metricNames = () => cached("/api/v1/label/__name__/values", {}, []);

/** The label names of a metric, or of all. @param {string} [metric] @returns {Promise<string[]>} */
export const labelNames = (metric) => cached("/api/v1/labels", metric ? { "match[]": metric } : {}, []);

/** The values of a label, of a metric where given. @param {string} label @param {string} [metric] @returns {Promise<string[]>} */
export const labelValues = (label, metric) => cached(
  `/api/v1/label/${encodeURIComponent(label)}/values`,
  metric ? { "match[]": metric, limit: 2000 } : { limit: 2000 },
  [],
);

/** Type, help and unit of every metric family that has them. @returns {Promise<Record<string, {type: string, help: string, unit: string}[]>>} */
export const metadata = () => cached("/api/v1/metadata", {}, {});

/** What is known of one metric; a histogram's and a summary's series find their family. @param {string} name */
export async function aboutMetric(name) {
  const all = await metadata();
  return (all[name] ?? all[name.replace(/_(bucket|count|sum|total|created)$/, "")])?.[0] ?? null;
}

/** Forgets what it knows, so that new metrics are found. */
export const forgetCatalog = () => kept.clear();

/**
 * The name of a list that is written most like `name`, or null when none is close.
 * @param {string} name @param {string[]} names
 */
export function nearestName(name, names) {
  let [best, distance] = [null, Math.max(3, Math.floor(name.length / 3)) + 1];
  for (const other of names) {
    if (Math.abs(other.length - name.length) >= distance) continue;
    const d = editDistance(name, other, distance);
    if (d < distance) [best, distance] = [other, d];
  }
  return best ?? names.find((other) => other.startsWith(name)) ?? null;
}

/** Insertions, deletions and replacements from `a` to `b`; `most` when it is at least that. */
function editDistance(a, b, most) {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      least = Math.min(least, next[j]);
    }
    if (least >= most) return most;
    row = next;
  }
  return row[b.length];
}
