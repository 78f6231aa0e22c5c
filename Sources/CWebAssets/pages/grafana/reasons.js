// Why a panel has nothing to show: is a metric of its queries unknown, and what is the nearest name.

import { prometheusThrough } from "./api.js";

const KEEP_MILLIS = 60000;
const WORDS = new Set(["by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless", "offset", "bool", "inf", "nan", "atan2", "start", "end"]);
/** @type {Map<string, {at: number, names: Promise<string[]>}>} */
const known = new Map();

/** Metric names of a data source, asked at most once a minute. @param {string} uid */
function metricNames(uid) {
  const kept = known.get(uid);
  if (kept && Date.now() - kept.at < KEEP_MILLIS) return kept.names;
  const names = prometheusThrough(uid, "label/__name__/values").catch(() => []);
  known.set(uid, { at: Date.now(), names });
  return names;
}

/** The metrics that an expression reads. @param {string} expression */
export function metricsOf(expression) {
  const bare = expression.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, "\"\"").replace(/\{[^}]*\}/g, "{}").replace(/\[[^\]]*\]/g, "[]")
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/gi, " ").replace(/#.*$/gm, "");
  const found = new Set();
  for (const [, name, after] of bare.matchAll(/(?<![\w:.$])([a-zA-Z_:][\w:]*)\s*(\(?)/g)) if (!after && !WORDS.has(name.toLowerCase())) found.add(name);
  return [...found];
}

/** The sentence for an empty panel. @param {string} uid @param {string[]} expressions */
export async function reasonOf(uid, expressions) {
  const names = await metricNames(uid);
  if (!names.length) return "No data: nothing has been collected yet.";
  const have = new Set(names);
  const missing = [...new Set(expressions.flatMap(metricsOf))].filter((name) => !have.has(name));
  if (!missing.length) return "No data in this time range.";
  const near = nearest(missing[0], names);
  return `No metric is called ${missing[0]}.${near ? ` The nearest is ${near}.` : ""}`;
}

function nearest(wanted, names) {
  let best = "";
  let least = Math.max(2, Math.floor(wanted.length * 0.3)) + 1;
  for (const name of names) {
    if (Math.abs(name.length - wanted.length) >= least) continue;
    const far = distance(wanted, name, least);
    if (far < least) [best, least] = [name, far];
  }
  return best;
}

/** Edits between two words, or `most` when there are that many. */
function distance(a, b, most) {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    let low = i;
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      low = Math.min(low, next[j]);
    }
    if (low >= most) return most;
    row = next;
  }
  return row[b.length];
}
