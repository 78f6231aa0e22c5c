// What can be written where the cursor stands in an expression, best first.

import { AGGREGATIONS, FUNCTIONS, KEYWORDS, placeAt } from "./promql.js";
import { aboutMetric, labelNames, labelValues, metadata, metricNames } from "./catalog.js";

/**
 * `insert` replaces what was typed; `back` then moves the cursor so many characters back, and `again` asks for the next completion at once.
 * @typedef {{label: string, kind: "metric"|"function"|"aggregation"|"keyword"|"label"|"value"|"range", insert: string, back?: number, again?: boolean, detail?: string, help?: string}} Suggestion
 */

const MOST = 60;
const RANGES = ["30s", "1m", "2m", "5m", "10m", "15m", "30m", "1h", "6h", "1d", "7d"];

/**
 * @param {string} text @param {number} cursor @param {boolean} asked whether the person asked for it, rather than typed
 * @returns {Promise<{from: number, prefix: string, items: Suggestion[]}>}
 */
export async function suggest(text, cursor, asked) {
  const place = placeAt(text, cursor);
  const none = { from: place.from, prefix: place.prefix, items: [] };
  if (place.kind === "none" || (place.kind === "expression" && !place.prefix && !asked)) return none;
  const after = text.slice(cursor);
  const items = await {
    expression: () => expressions(after), label: () => labels(place, text, after),
    value: () => values(place, text, after), range: () => ranges(),
  }[place.kind]();
  return { from: place.from, prefix: place.prefix, items: best(items, place.prefix) };
}

async function expressions(after) {
  const [names, about] = await Promise.all([metricNames(), metadata()]);
  const call = (name, [signature, help], kind) => ({
    label: name, kind, insert: after.startsWith("(") ? name : `${name}()`,
    back: after.startsWith("(") || signature.endsWith("()") ? 0 : 1, detail: signature, help,
  });
  return [
    ...names.map((name) => ({
      label: name, kind: "metric", insert: name,
      detail: (about[name] ?? about[name.replace(/_(bucket|count|sum|total)$/, "")])?.[0]?.type ?? "",
    })),
    ...Object.entries(AGGREGATIONS).map(([name, words]) => call(name, words, "aggregation")),
    ...Object.entries(FUNCTIONS).map(([name, words]) => call(name, words, "function")),
    ...Object.entries(KEYWORDS).map(([name, help]) => ({ label: name, kind: "keyword", insert: `${name} `, help })),
  ];
}

async function labels(place, text, after) {
  const matching = isMatching(text, place.from);
  const names = (await labelNames(place.metric)).filter((name) => name !== "__name__" || matching);
  return names.map((name) => ({
    label: name, kind: "label", insert: matching && !/^\s*[=!]/.test(after) ? `${name}=""` : name,
    back: matching && !/^\s*[=!]/.test(after) ? 1 : 0, again: matching,
  }));
}

async function values(place, text, after) {
  const quote = text[place.from - 1];
  const closes = after.startsWith(quote);
  return (await labelValues(place.label, place.metric)).map((value) => ({
    label: value,
    kind: "value",
    insert: (quote === "`" ? value : value.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`)) + (closes ? "" : quote),
    back: closes ? -1 : 0,
  }));
}

const ranges = () => RANGES.map((range) => ({ label: range, kind: "range", insert: range }));

/** Whether a label here is one of a selector's braces rather than of a by (…). */
function isMatching(text, from) {
  const opened = text.slice(0, from);
  return opened.lastIndexOf("{") > opened.lastIndexOf("(");
}

/** Those that hold the typed letters in order, beginnings before middles, short before long. */
function best(items, typed) {
  if (!typed) return items.slice(0, MOST);
  const wanted = typed.toLowerCase();
  const scored = [];
  for (const item of items) {
    const score = matchScore(item.label.toLowerCase(), wanted);
    if (score > 0) scored.push({ item, score: score + (item.kind === "metric" ? 0 : 0.5) });
  }
  scored.sort((a, b) => b.score - a.score || a.item.label.length - b.item.label.length || (a.item.label < b.item.label ? -1 : 1));
  return scored.slice(0, MOST).map(({ item }) => item);
}

function matchScore(name, wanted) {
  if (name === wanted) return 100;
  if (name.startsWith(wanted)) return 90;
  const inside = name.indexOf(wanted);
  if (inside > 0) return name[inside - 1] === "_" || name[inside - 1] === ":" ? 80 : 60;
  let at = 0;
  let starts = 0;
  for (const letter of wanted) {
    const found = name.indexOf(letter, at);
    if (found < 0) return 0;
    if (found === 0 || name[found - 1] === "_") starts++;
    at = found + 1;
  }
  return 20 + (20 * starts) / wanted.length;
}

/** The help of a suggestion, asked for when it is looked at. @param {Suggestion} item */
export async function helpOf(item) {
  if (item.kind !== "metric") return item.help ?? "";
  return (await aboutMetric(item.label))?.help ?? "";
}
