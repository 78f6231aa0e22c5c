// Grafana's API, as these pages ask it. An answer of 401 leads to the login page, and from there back here.

import { RequestError, requestJSON } from "../system/request.js";

/** @typedef {{uid: string, name: string, type: string, isDefault: boolean, url?: string}} DataSource */
/** @typedef {{uid: string, title: string, url: string, tags: string[], isStarred: boolean, folderTitle?: string, folderUid?: string}} Found */

/** @param {string} path @param {Parameters<typeof requestJSON>[1]} [options] */
export async function grafana(path, options) {
  try {
    return await requestJSON(path, options);
  } catch (error) {
    if (error instanceof RequestError && error.status === 401) {
      toLogin();
      return new Promise(() => {}); // the page is on its way out
    }
    throw error;
  }
}

/** The login page, which returns to this one. */
export function toLogin() {
  const here = location.pathname + location.search;
  location.replace(here === "/" ? "/login" : `/login?redirectTo=${encodeURIComponent(here)}`);
}

/** Dashboards by words in their title. @param {{query?: string, starred?: boolean}} [wanted] @param {AbortSignal} [signal] @returns {Promise<Found[]>} */
export const searchDashboards = ({ query = "", starred } = {}, signal) => grafana("/api/search", { query: { type: "dash-db", query, starred: starred ? "true" : "", limit: 1000 }, signal });

/** @param {string} uid @returns {Promise<{dashboard: any, meta: any}>} */
export const fetchDashboard = (uid) => grafana(`/api/dashboards/uid/${encodeURIComponent(uid)}`);

/** Puts a star on a dashboard, or takes it off. @param {string} uid @param {boolean} starred */
export const setStar = (uid, starred) => grafana(`/api/user/stars/dashboard/uid/${encodeURIComponent(uid)}`, { method: starred ? "POST" : "DELETE" });

/** @type {Promise<DataSource[]> | undefined} */
let sources;
/** Every data source, asked once a page. @returns {Promise<DataSource[]>} */
export const dataSources = () => (sources ??= grafana("/api/datasources"));

/** @typedef {{refId: string, expr: string, datasource: {type?: string, uid?: string}, range: boolean, instant: boolean, intervalMs: number, maxDataPoints: number,
 *   legendFormat?: string, format?: string, interval?: string, intervalFactor?: number}} Query */

/**
 * Runs the queries of one panel; an answer for each refId.
 * @param {Query[]} queries @param {{from: number, to: number}} range milliseconds @param {AbortSignal} [signal]
 * @returns {Promise<Record<string, {status?: number, error?: string, frames?: any[]}>>}
 */
export async function runQueries(queries, { from, to }, signal) {
  // The answer is 400 when every query failed; the sentences are inside, so the status alone decides nothing.
  const answer = await fetch("/api/ds/query", {
    method: "POST", signal, headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ queries, from: String(Math.round(from)), to: String(Math.round(to)) }),
  }).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new RequestError(`No answer from ${location.host}. Is obstack running?`);
  });
  if (answer.status === 401) {
    toLogin();
    return new Promise(() => {});
  }
  const body = await answer.json().catch(() => null);
  if (body?.results) return body.results;
  throw new RequestError(body?.message ?? `The server answered ${answer.status}.`, { status: answer.status });
}

/** A Prometheus API call through a data source's proxy. @param {string} uid @param {string} path after /api/v1/ @param {Record<string, any>} [query] */
export async function prometheusThrough(uid, path, query) {
  const answer = await grafana(`/api/datasources/proxy/uid/${encodeURIComponent(uid)}/api/v1/${path}`, { query });
  if (answer?.status === "error") throw new RequestError(answer.error, { kind: answer.errorType });
  return answer?.data;
}
