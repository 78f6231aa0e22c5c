// What one span says, inline under its row: keys and values in two columns, filterable, every value a link to the traces
// that have it too.

import { el, fill } from "../system/dom.js";
import { dateTime, format } from "../system/format.js";
import { icon } from "../system/icons.js";
import { copy } from "../system/snippet.js";
import { graphsURL, jobOf } from "./graphs.js";
import { Flag } from "./model.js";
import { searchURL, traceURL } from "./links.js";
import { took } from "./took.js";

/** @typedef {import("./model.js").Trace} Trace @typedef {import("./model.js").Tag} Tag */

const LONG = 160;

/**
 * The inside of a details panel.
 * @param {Trace} trace @param {number} row @param {{show: (row: number) => void}} hooks `show` brings another row into sight
 */
export function spanDetails(trace, row, hooks) {
  const span = trace.spans[row];
  const service = trace.serviceName(row);
  const body = el(".details-body");
  const filter = el("input", { type: "search", placeholder: "Filter keys and values", "aria-label": "Filter keys and values", spellcheck: "false" });
  const draw = () => fill(body, sections(trace, row, filter.value.trim().toLowerCase(), hooks));
  filter.addEventListener("input", draw);
  draw();
  const self = trace.selfMicros(row);
  const graphs = el("a.button.ghost.small", { hidden: true, title: `The metrics of ${service} around this moment` }, icon("metrics", 14), "Graphs");
  graphsURL(jobOf(service, trace.process(row)?.tags), (trace.startMicros + trace.start[row]) / 1000).then((url) => {
    graphs.href = url;
    graphs.hidden = !url;
  });
  return el(".details",
    el(".details-head",
      el("dl.details-facts",
        fact("Start", `+${took(trace.start[row])}`, dateTime((trace.startMicros + trace.start[row]) / 1000, { millis: true })),
        fact("Duration", took(span.duration), `${span.duration} µs`),
        fact("Own time", took(self), "Not spent in its children"),
        trace.duration > 0 && fact("Share", format(span.duration / trace.duration, "percentunit"), "Of the trace's duration")),
      el(".details-tools",
        filter,
        graphs,
        el("a.button.ghost.small", {
          href: searchURL({ service, operation: span.operationName, lookback: "1h" }), title: "Traces with this operation",
        }, icon("search", 14), "Same operation"),
        copyButton("Copy link", () => new URL(traceURL(trace.id, span.spanID), location.href).href),
        copyButton("Copy id", () => span.spanID))),
    body);
}

function sections(trace, row, needle, hooks) {
  const span = trace.spans[row];
  const service = trace.serviceName(row);
  const hit = (...texts) => !needle || texts.some((text) => String(text).toLowerCase().includes(needle));
  const keep = (/** @type {Tag[] | undefined} */ tags) => (tags ?? []).filter((tag) => hit(tag.key, tag.value));
  const found = [];
  const warnings = (span.warnings ?? []).filter((text) => hit(text, "warning"));
  if (warnings.length) found.push(section("Warnings", null, warnings.map((text) => el("p.notice.warn", icon("warn", 14), text))));
  const tags = keep(span.tags);
  if (tags.length) found.push(section("Attributes", tags.length, table(tags, (tag) => ({ service, tags: { [tag.key]: String(tag.value) } }))));
  const events = (span.logs ?? []).filter((log) => !needle || keep(log.fields).length || hit(log.name ?? ""));
  if (events.length) found.push(section("Events", events.length, events.map((log) => event(trace, row, log, service))));
  const process = keep(trace.process(row)?.tags);
  if (process.length) found.push(section(`Process of ${service}`, process.length, table(process, (tag) => ({ service, tags: { [tag.key]: String(tag.value) } }))));
  const parentID = trace.spans[trace.parent[row]]?.spanID;
  const links = (span.references ?? []).filter((r) => hit(r.refType, r.spanID, r.traceID) && !(r.refType === "CHILD_OF" && r.spanID === parentID));
  if (links.length) found.push(section("Links", links.length, links.map((link) => reference(trace, link, hooks))));
  if (!found.length) found.push(el("p.muted", needle ? `Nothing here has “${needle}”.` : "This span carries no attributes and no events."));
  if ((trace.flags[row] & Flag.orphan) !== 0 && !needle) found.push(el("p.muted", "Its parent span is not in this trace: it may not have arrived yet, or was not sampled."));
  return found;
}

const fact = (name, value, hint) => el("div", { title: hint }, el("dt", name), el("dd", value));

const section = (title, size, ...content) => el("section", el("h3", title, size !== null && el("span.badge", String(size))), ...content);

/** Keys and values in two columns. @param {Tag[]} tags @param {(tag: Tag) => import("./links.js").Search} search */
function table(tags, search) {
  const sorted = [...tags].sort((a, b) => a.key.localeCompare(b.key));
  return el("dl.pairs", sorted.map((tag) => [el("dt", { title: tag.type ?? "" }, tag.key), el("dd", value(tag, search(tag)))]));
}

function value(tag, search) {
  const text = String(tag.value);
  const where = searchURL({ ...search, lookback: "1h" });
  const label = `Traces of ${search.service} with ${tag.key}=${text.slice(0, 60)}`;
  const copy = copyButton("", () => text);
  if (text.length > LONG || text.includes("\n") || /^[[{]/.test(text)) {
    return [el("pre", pretty(text)), el("span.value-tools", el("a.button.ghost.small.square", { href: where, title: label, "aria-label": label }, icon("search", 14)), copy)];
  }
  const kind = tag.key === "error" && text === "true" ? "bad" : tag.type === "string" || !tag.type ? "" : "number";
  return [el("a.value", { href: where, title: label, class: kind }, text), el("span.value-tools", copy)];
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function event(trace, row, log, service) {
  const at = log.timestamp - trace.startMicros;
  const named = log.fields.find((field) => field.key === "event") ?? log.fields.find((field) => field.key === "message");
  const title = log.name ?? (named ? String(named.value) : "event");
  const rest = log.fields.filter((field) => field !== named);
  const bad = /exception|error/i.test(title);
  return el("details.event", { open: bad || rest.length <= 3 },
    el("summary", { class: bad ? "bad" : "" },
      el("span.when", { title: dateTime(log.timestamp / 1000, { millis: true }) }, `+${took(at - trace.start[row])}`), bad && icon("error", 14), el("b", title)),
    rest.length ? table(rest, (tag) => ({ service, tags: { [tag.key]: String(tag.value) } })) : null);
}

function reference(trace, link, hooks) {
  const here = link.traceID === trace.id;
  const to = here ? trace.rowOf(link.spanID) : -1;
  const kind = { CHILD_OF: "Child of", FOLLOWS_FROM: "Follows" }[link.refType] ?? link.refType;
  if (to >= 0) return el("p.link", `${kind} `, el("button.link", { onclick: () => hooks.show(to) }, `${trace.serviceName(to)}: ${trace.spans[to].operationName}`));
  const words = here ? `span ${link.spanID}` : `span ${link.spanID} of trace ${link.traceID}`;
  return el("p.link", `${kind} `, el("a", { href: traceURL(link.traceID, link.spanID) }, words), here && el("span.muted", " (not in this trace)"));
}

/** @param {string} label @param {() => string} text */
function copyButton(label, text) {
  const words = label || "Copy value";
  return el("button", { type: "button", class: label ? "ghost small" : "ghost small square", title: words, "aria-label": words, onclick: () => copy(text()) }, icon("copy", 14), label);
}
