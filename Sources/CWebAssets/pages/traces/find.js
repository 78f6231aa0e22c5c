// Finding spans in a trace: words match anywhere, `key=value` matches an attribute, `service=x` a service, `error=true` failures.

import { Flag } from "./model.js";

/** @typedef {import("./model.js").Trace} Trace */

/**
 * 1 for every row that matches all the terms.
 * @param {Trace} trace @param {string} words
 */
export function searchIn(trace, words) {
  const terms = words.toLowerCase().match(/[^\s=]+="[^"]*"|"[^"]*"|\S+/g) ?? [];
  const tests = terms.map((term) => {
    const cut = term.indexOf("=");
    if (cut <= 0) return textTest(trace, term.replace(/^"|"$/g, ""));
    return pairTest(trace, term.slice(0, cut), term.slice(cut + 1).replace(/^"|"$/g, ""));
  });
  const matches = new Uint8Array(trace.count);
  for (let row = 0; row < trace.count; row++) if (tests.every((test) => test(row))) matches[row] = 1;
  return matches;
}

/** @param {Trace} trace @param {string} key @param {string} value @returns {(row: number) => boolean} */
function pairTest(trace, key, value) {
  if (key === "service") return (row) => trace.serviceName(row).toLowerCase() === value;
  if (key === "operation") return (row) => trace.spans[row].operationName.toLowerCase().includes(value);
  if (key === "error" && value === "true") return (row) => (trace.flags[row] & Flag.error) !== 0;
  const has = (tags) => (tags ?? []).some((tag) => tag.key.toLowerCase() === key && String(tag.value).toLowerCase().includes(value));
  return (row) => has(trace.spans[row].tags) || has(trace.process(row)?.tags) || (trace.spans[row].logs ?? []).some((log) => has(log.fields));
}

/** @param {Trace} trace @param {string} word @returns {(row: number) => boolean} */
function textTest(trace, word) {
  const has = (tags) => (tags ?? []).some((tag) => tag.key.toLowerCase().includes(word) || String(tag.value).toLowerCase().includes(word));
  return (row) => {
    const span = trace.spans[row];
    return span.operationName.toLowerCase().includes(word) || span.spanID.toLowerCase() === word || trace.serviceName(row).toLowerCase().includes(word)
      || has(span.tags) || (span.logs ?? []).some((log) => has(log.fields)) || has(trace.process(row)?.tags);
  };
}
