// Annotations: moments and spells that a dashboard's queries mark on every curve.

import { runQueries } from "./api.js";
import { cssColor } from "../system/color.js";
import { numberFields, readFrame, timeField } from "./model/frames.js";
import { interpolate } from "./model/interpolate.js";
import { sourceOf } from "./model/variables.js";

/** @typedef {{time: number, timeEnd?: number, text: string, color?: string}} Mark milliseconds */

const POINTS = 240;
const MOST = 500;

/**
 * The marks of a dashboard in a range; a query that fails marks nothing.
 * @param {any} dashboard @param {import("./model/interpolate.js").Lookup} lookup @param {{from: number, to: number}} range milliseconds
 * @returns {Promise<Mark[]>}
 */
export async function annotationsOf(dashboard, lookup, range) {
  const wanted = (dashboard.annotations?.list ?? []).filter((one) => one.enable !== false && !one.builtIn && (one.expr ?? one.target?.expr)?.trim());
  if (!wanted.length) return [];
  const step = Math.max(1000, Math.ceil((range.to - range.from) / POINTS / 1000) * 1000);
  const queries = [];
  for (const [at, one] of wanted.entries()) {
    const source = await sourceOf(one.datasource, lookup);
    if (source?.type !== "prometheus") continue;
    queries.push({
      refId: `Anno${at}`, expr: interpolate(one.expr ?? one.target.expr, lookup), datasource: { type: "prometheus", uid: source.uid }, range: true,
      instant: false, intervalMs: step, maxDataPoints: POINTS,
    });
  }
  if (!queries.length) return [];
  const results = await runQueries(queries, range).catch(() => ({}));
  const marks = wanted.flatMap((one, at) => (results[`Anno${at}`]?.frames ?? []).flatMap((json) => spells(readFrame(json, ""), one, step)));
  return marks.sort((a, b) => a.time - b.time).slice(0, MOST);
}

/** Samples that are not 0, neighbours joined into one spell. */
function spells(frame, one, step) {
  const [time, field] = [timeField(frame), numberFields(frame)[0]];
  if (!time || !field) return [];
  const labels = field.labels ?? {};
  const filled = (/** @type {string} */ text) => text.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (_, name) => labels[name] ?? "");
  const tags = String(one.tagKeys ?? "").split(",").map((key) => labels[key.trim()]).filter(Boolean).join(", ");
  const text = [one.titleFormat ? filled(one.titleFormat) : one.name, one.textFormat ? filled(one.textFormat) : tags].filter(Boolean).join(": ");
  const color = one.iconColor ? cssColor(one.iconColor) : undefined;
  const out = [];
  for (let at = 0; at < frame.length; at++) {
    if (!field.values[at]) continue; // 0 and no sample alike
    const last = out[out.length - 1];
    if (last && time.values[at] - (last.timeEnd ?? last.time) <= step * 1.5) last.timeEnd = time.values[at];
    else out.push({ time: time.values[at], text, color });
  }
  return out;
}
