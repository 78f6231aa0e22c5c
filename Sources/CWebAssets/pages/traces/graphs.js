// From a span to the graphs of its service: which metrics the service sends is asked of the metrics door, and the queries they are made
// for are one link.

import { doorURL, hasDoor } from "../system/doors.js";
import { encode } from "../system/request.js";

const AROUND_MILLIS = 15 * 60_000;
const GRAPHS_AT_MOST = 4;

/** The names of a job's metrics, asked for once. @type {Map<string, Promise<string[]>>} */
const asked = new Map();

/** The job that OpenTelemetry's resource becomes in Prometheus. @param {string} service @param {{key: string, value: any}[]} [tags] of its process */
export function jobOf(service, tags = []) {
  const space = tags.find((tag) => tag.key === "service.namespace")?.value;
  return space ? `${space}/${service}` : service;
}

/** What is worth seeing of a job, by the kinds of its metrics: how long, how often, how often in vain, how much. @param {string[]} names @param {string} job */
export function graphsOf(names, job) {
  const own = `{job=${JSON.stringify(job)}}`;
  const counters = names.filter((name) => name.endsWith("_total"));
  const failing = (name) => /error|fail/.test(name);
  const rate = (name) => name && `sum(rate(${name}${own}[1m]))`;
  const histogram = names.find((name) => name.endsWith("_bucket"));
  return [
    histogram && `histogram_quantile(0.95, sum by (le) (rate(${histogram}${own}[1m])))`,
    rate(counters.find((name) => !failing(name))), rate(counters.find(failing)),
    ...names.filter((name) => !/_(total|bucket|count|sum)$|^(up|target_info|scrape_.*)$/.test(name)).map((name) => `${name}${own}`),
  ].filter(Boolean).slice(0, GRAPHS_AT_MOST);
}

/** The query page over a job's graphs around a moment; "" where it sends no metrics. @param {string} job @param {number} millis */
export async function graphsURL(job, millis) {
  if (!hasDoor("prometheus")) return "";
  if (!asked.has(job)) asked.set(job, fetch(doorURL("prometheus", `/api/v1/label/__name__/values?${encode({ "match[]": `{job=${JSON.stringify(job)}}` })}`))
    .then((answer) => answer.json()).then(({ data }) => data ?? []).catch(() => []));
  const query = { from: Math.round(millis - AROUND_MILLIS), to: Math.round(Math.min(Date.now(), millis + AROUND_MILLIS)) };
  const exprs = graphsOf(await asked.get(job), job);
  exprs.forEach((expr, at) => Object.assign(query, { [`g${at}.expr`]: expr, [`g${at}.tab`]: "graph" }));
  return exprs.length ? doorURL("prometheus", `/query?${encode(query)}`) : "";
}
