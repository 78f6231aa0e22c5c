// Jaeger's query API, as these pages ask it.

import { RequestError, requestJSON } from "../system/request.js";

/** @typedef {import("./model.js").JaegerTrace} JaegerTrace */

/** @param {AbortSignal} [signal] @returns {Promise<string[]>} services, sorted */
export async function services(signal) {
  const { data } = await requestJSON("/api/services", { signal });
  return (data ?? []).sort((a, b) => a.localeCompare(b));
}

/** @param {string} service @param {AbortSignal} [signal] @returns {Promise<string[]>} its operations, sorted */
export async function operations(service, signal) {
  const { data } = await requestJSON(`/api/services/${encodeURIComponent(service)}/operations`, { signal });
  return (data ?? []).sort((a, b) => a.localeCompare(b));
}

/**
 * Traces of a search; `start` and `end` are microseconds since 1970.
 * @param {import("./links.js").Search} search @param {AbortSignal} [signal] @returns {Promise<JaegerTrace[]>}
 */
export async function findTraces({ tags, ...search }, signal) {
  const query = { ...search, tags: tags && Object.keys(tags).length ? JSON.stringify(tags) : "" };
  return checked(await requestJSON("/api/traces", { query, signal })).filter((trace) => trace.spans.length);
}

/** @param {string} id @param {AbortSignal} [signal] @returns {Promise<JaegerTrace | undefined>} */
export async function fetchTrace(id, signal) {
  try {
    return checked(await requestJSON(traceJSON(id), { signal }))[0];
  } catch (error) {
    if (error instanceof RequestError && error.status === 404) return undefined;
    throw error;
  }
}

/** The address of a trace's JSON. @param {string} id */
export const traceJSON = (id) => `/api/traces/${encodeURIComponent(id)}`;

function checked(answer) {
  const wrong = answer?.errors?.[0];
  if (wrong && !answer.data?.length) throw new RequestError(wrong.msg ?? "The search failed.", { status: wrong.code ?? 500 });
  return answer?.data ?? [];
}
