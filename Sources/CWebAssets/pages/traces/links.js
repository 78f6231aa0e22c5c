// The addresses of the trace pages: every state of a search is Jaeger's own query string, so links from Jaeger keep working.

import { encode } from "../system/request.js";

/** @typedef {{service?: string, operation?: string, tags?: Record<string, string>, lookback?: string, start?: string, end?: string,
 *   minDuration?: string, maxDuration?: string, limit?: string}} Search */

/** The search page for a search. @param {Search} search */
export function searchURL({ tags, ...rest }) {
  const query = encode({ ...rest, tags: tags && Object.keys(tags).length ? JSON.stringify(tags) : "" });
  return `/search?${query}`;
}

/** The trace page, at a span where one is named. @param {string} id @param {string} [spanID] */
export const traceURL = (id, spanID) => `/trace/${encodeURIComponent(id)}${spanID ? `?uiFind=${encodeURIComponent(spanID)}` : ""}`;

/** What the URL says is searched. @param {URLSearchParams} query @returns {Search} */
export function searchFrom(query) {
  const search = {};
  for (const name of ["service", "operation", "lookback", "start", "end", "minDuration", "maxDuration", "limit"]) {
    const value = query.get(name);
    if (value && !(name === "operation" && value === "all")) search[name] = value;
  }
  search.tags = tagsFrom(query);
  return search;
}

/** Tags come as Jaeger's JSON object (`tags`), or as its older `tag=key:value`. @param {URLSearchParams} query */
function tagsFrom(query) {
  /** @type {Record<string, string>} */
  const tags = {};
  for (const pair of query.getAll("tag")) {
    const cut = pair.indexOf(":");
    if (cut > 0) tags[pair.slice(0, cut)] = pair.slice(cut + 1);
  }
  try {
    for (const [key, value] of Object.entries(JSON.parse(query.get("tags") ?? "{}"))) tags[key] = String(value);
  } catch {
    // Not JSON: people paste key=value, which is read as they meant it.
    Object.assign(tags, parseTags(query.get("tags") ?? "").tags);
  }
  return tags;
}

/**
 * Reads `error=true http.route="/a b"`; `rest` is what could not be read.
 * @param {string} text
 */
export function parseTags(text) {
  /** @type {Record<string, string>} */
  const tags = {};
  const rest = text.replace(/([^\s=:"]+)\s*[=:]\s*(?:"((?:[^"\\]|\\.)*)"|(\S+))/g, (_, key, quoted, bare) => {
    tags[key] = quoted !== undefined ? quoted.replace(/\\(.)/g, "$1") : bare;
    return "";
  }).trim();
  return { tags, rest };
}
