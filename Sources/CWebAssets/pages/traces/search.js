// Searching traces: the form on the left, what was found on the right. The URL is Jaeger's own query string, and the
// only place where the state lives.

import { el, fill } from "../system/dom.js";
import { count, dateTime, relativeTime } from "../system/format.js";
import { mountFrame } from "../system/frame.js";
import { icon } from "../system/icons.js";
import { addShortcuts } from "../system/keys.js";
import { isAbort } from "../system/request.js";
import { onNavigate, params, setParams } from "../system/url.js";
import { findTraces, services } from "./api.js";
import { serviceColors } from "./colors.js";
import { DEFAULT_LIMIT, DEFAULT_LOOKBACK, searchForm } from "./form.js";
import { searchFrom, traceURL } from "./links.js";
import { summarise } from "./model.js";
import { Scatter } from "./scatter.js";
import { teach } from "./teach.js";
import { took, tookWords } from "./took.js";

/** @typedef {import("./links.js").Search} Search @typedef {ReturnType<typeof summarise>} Summary */

const WAIT_MILLIS = 2000;
const SERVICES = 8;

const SORTS = {
  recent: ["Newest first", (/** @type {Summary} */ a, /** @type {Summary} */ b) => b.startMicros - a.startMicros],
  longest: ["Longest first", (a, b) => b.durationMicros - a.durationMicros],
  shortest: ["Shortest first", (a, b) => a.durationMicros - b.durationMicros],
  spans: ["Most spans", (a, b) => b.spans - a.spans],
  errors: ["Most errors", (a, b) => b.errors - a.errors || b.startMicros - a.startMicros],
};

// The door's own address shows this page, too.
if (location.pathname === "/") history.replaceState(history.state, "", `/search${location.search}${location.hash}`);
const frame = mountFrame({ section: "traces", title: "Traces", width: "full" });
frame.main.classList.add("search-page");
/** @type {string[]} */
let known = [];
/** @type {Summary[]} */
let found = [];
/** @type {Map<string, string>} */
let colors = new Map();
let waiting = new AbortController();

const form = searchForm({ onChange: (search) => go(search) });
const scatter = new Scatter({
  onOpen: (trace) => { location.href = traceURL(trace.id); },
  onPoint: (trace) => list.querySelectorAll(".result").forEach((node) => node.classList.toggle("pointed", node.dataset.id === trace?.id)),
  onNarrow: ({ from, to, min, max }) => go({
    ...searchFrom(params()), lookback: "custom", start: String(Math.floor(from)), end: String(Math.ceil(to)), minDuration: tookWords(min),
    maxDuration: tookWords(max),
  }),
});
const list = el("ul.results", { "aria-label": "Traces found" });
const summary = el(".found-summary", { "aria-live": "polite" });
const sort = el("select.sort", { "aria-label": "Order" }, Object.entries(SORTS).map(([key, [label]]) => el("option", { value: key }, label)));
sort.addEventListener("change", () => {
  setParams({ sort: sort.value === "recent" ? null : sort.value }, { replace: true });
  draw();
});
const body = el(".found");

async function start() {
  fill(frame.main, el("aside.search-side", form.element), body);
  fill(body, skeleton());
  await Promise.allSettled([learnServices(), run()]);
  if (!known.length) waitForTheFirst();
}

async function learnServices() {
  known = await services();
  form.setServices(known);
}

/** While nothing has ever arrived, looks again: the lesson on the page ends when the first trace is there. */
async function waitForTheFirst() {
  while (!known.length) {
    await new Promise((resolve) => setTimeout(resolve, WAIT_MILLIS));
    if (document.hidden) continue;
    await learnServices().catch(() => {}); // the search itself says what is wrong
  }
  run();
}

/** Shows a search: a history entry, the form, the results. @param {Search} search */
function go(search) {
  const { tags, ...rest } = search;
  const everything = ["service", "operation", "lookback", "start", "end", "minDuration", "maxDuration", "limit"];
  const changes = Object.fromEntries(everything.map((name) => [name, rest[name] ?? null]));
  setParams({ ...changes, tag: null, tags: tags && Object.keys(tags).length ? JSON.stringify(tags) : null });
  run();
}

/** The searched range in microseconds: the URL's own, or the lookback until now. @param {Search} search */
function rangeOf(search) {
  const now = Date.now() * 1000;
  if (search.start && search.end) return { from: Number(search.start), to: Number(search.end) };
  const [, number, unit] = /^(\d+)([smhdw])$/.exec(search.lookback ?? "") ?? [, "1", "h"];
  return { from: now - Number(number) * { s: 1e6, m: 6e7, h: 3.6e9, d: 8.64e10, w: 6.048e11 }[unit], to: now };
}

async function run() {
  waiting.abort();
  waiting = new AbortController();
  const { signal } = waiting;
  const search = searchFrom(params());
  form.set(search);
  const range = rangeOf(search);
  body.classList.add("loading");
  try {
    const traces = await findTraces(
      {
        ...search, lookback: search.lookback ?? DEFAULT_LOOKBACK, limit: search.limit ?? DEFAULT_LIMIT, start: String(Math.floor(range.from)),
        end: String(Math.ceil(range.to)),
      },
      signal,
    );
    found = traces.map(summarise);
    const names = [...new Set([...known, ...found.flatMap((trace) => trace.services.map((s) => s.name))])];
    const palette = serviceColors(names);
    colors = new Map(names.map((name, i) => [name, palette[i]]));
    if (found.length) show(range, search);
    else fill(body, nothing(search));
  } catch (error) {
    if (isAbort(error)) return;
    fill(body, el(".empty", icon("error", 28), el("h2", "The search failed"), el("p", error.message), el("button", { type: "button", onclick: run }, icon("refresh", 16), "Try again")));
  }
  body.classList.remove("loading");
}

function show(range, search) {
  if (!body.contains(list)) fill(body, el("section.scatter-panel", { "aria-label": "Time and duration" }, scatter.element), el(".found-head", summary, sort), list);
  const limit = Number(search.limit ?? DEFAULT_LIMIT);
  const byDuration = found.map((trace) => trace.durationMicros).sort((a, b) => a - b);
  const quantile = (share) => byDuration[Math.min(byDuration.length - 1, Math.floor(share * byDuration.length))];
  const failed = found.filter((trace) => trace.errors).length;
  fill(summary, el("b", found.length >= limit ? `Newest ${count(found.length, "trace")}` : count(found.length, "trace")),
    el("span", "half under ", el("b", took(quantile(0.5)))), el("span", "95 % under ", el("b", took(quantile(0.95)))),
    failed > 0 && el("span.bad", icon("error", 14), ` ${failed} with errors`));
  const spread = { from: Math.min(range.from, ...found.map((t) => t.startMicros)), to: Math.max(range.to, ...found.map((t) => t.startMicros)) };
  const tight = found.length >= limit ? { from: Math.min(...found.map((t) => t.startMicros)) - 1e6, to: spread.to } : spread;
  scatter.show(found, colors, tight);
  draw();
}

function draw() {
  const key = params().get("sort") ?? "recent";
  sort.value = SORTS[key] ? key : "recent";
  const longest = found.reduce((most, trace) => Math.max(most, trace.durationMicros), 1);
  fill(list, [...found].sort(SORTS[sort.value][1]).map((trace) => result(trace, longest)));
}

const serviceChip = ({ name, spans, errors }) => el("span.service-chip", {
  title: `${name}: ${count(spans, "span")}${errors ? `, ${count(errors, "error")}` : ""}`, style: { "--service": colors.get(name) },
}, name, el("span.n", String(spans)), errors > 0 && el("span.bad", icon("error", 12)));

function result(trace, longest) {
  const start = trace.startMicros / 1000;
  const node = el("li.result", { dataset: { id: trace.id } },
    el("a.result-link", { href: traceURL(trace.id) },
      el("span.result-name", el("span.chip", { style: { "--service": colors.get(trace.rootService) } }), el("b", trace.rootService), el("span.operation", trace.rootOperation)),
      el("span.result-took", took(trace.durationMicros))),
    el(".result-services", trace.services.slice(0, SERVICES).map(serviceChip), trace.services.length > SERVICES && el("span.muted", `+${trace.services.length - SERVICES}`)),
    el(".result-facts",
      trace.errors > 0 && el("span.badge.bad", icon("error", 12), count(trace.errors, "error")),
      el("span", count(trace.spans, "span")), el("span", { title: dateTime(start, { millis: true }) }, relativeTime(start)), el("code", { title: trace.id }, trace.id.slice(0, 7))),
    el("span.result-bar", { style: { width: `max(2px, ${(trace.durationMicros / longest) * 100}%)`, "--service": colors.get(trace.rootService) } }));
  node.addEventListener("pointerenter", () => scatter.mark(trace));
  node.addEventListener("pointerleave", () => scatter.mark(null));
  return node;
}

/** Nothing found: with no service at all it teaches, otherwise it offers wider searches. @param {Search} search */
function nothing(search) {
  const narrowed = search.service || search.operation || search.minDuration || search.maxDuration || Object.keys(search.tags ?? {}).length;
  if (!known.length && !narrowed) return teach();
  const wider = [];
  const offer = (label, change) => wider.push(el("button", { type: "button", onclick: () => go({ ...search, ...change }) }, label));
  if (search.lookback === "custom") offer("Look at the last hour", { lookback: "1h", start: undefined, end: undefined });
  else if (search.lookback !== "1w") offer("Look back a week", { lookback: "1w", start: undefined, end: undefined });
  for (const key of Object.keys(search.tags ?? {})) offer(`Without ${key}`, { tags: Object.fromEntries(Object.entries(search.tags ?? {}).filter(([name]) => name !== key)) });
  if (search.minDuration || search.maxDuration) offer("Any duration", { minDuration: undefined, maxDuration: undefined });
  if (search.operation) offer("Any operation", { operation: undefined });
  if (search.service) offer("Any service", { service: undefined, operation: undefined });
  const unknown = search.service && known.length > 0 && !known.includes(search.service);
  return el(".empty", icon("traces", 28), el("h2", "No traces match"),
    el("p", unknown ? `No service is called “${search.service}”.` : "Widen the search, or wait for the next one to arrive."), el(".buttons", wider));
}

const skeleton = () => el(".found-skeleton", { "aria-busy": "true", "aria-label": "Searching" }, el(".skeleton.plot"), Array.from({ length: 6 }, () => el(".skeleton.row")));

addShortcuts("Traces", [
  { keys: "r", does: "Search again", run },
  { keys: "f", does: "Go to the form", run: () => form.focus() },
  { keys: "j", does: "Next trace", run: () => step(1) },
  { keys: "k", does: "Previous trace", run: () => step(-1) },
  { keys: "Enter", does: "Open the trace" },
]);

function step(by) {
  const links = [...list.querySelectorAll(".result-link")];
  const at = links.indexOf(/** @type {Element} */ (document.activeElement));
  links[Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
}

onNavigate(run);

start();
