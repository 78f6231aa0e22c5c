// One trace: header, minimap, waterfall. The URL holds the trace, what is looked for (`uiFind`, as in Jaeger), the part
// shown (`from`, `to` in microseconds of the trace) and how it is shown.

import { debounce, el, fill } from "../system/dom.js";
import { count, dateTime, format, relativeTime } from "../system/format.js";
import { copy } from "../system/snippet.js";
import { mountFrame } from "../system/frame.js";
import { icon } from "../system/icons.js";
import { addShortcuts } from "../system/keys.js";
import { onNavigate, params, setParams } from "../system/url.js";
import { fetchTrace, traceJSON } from "./api.js";
import { timeAxis } from "./axis.js";
import { serviceColors } from "./colors.js";
import { criticalPath } from "./critical-path.js";
import { searchURL } from "./links.js";
import { Minimap } from "./minimap.js";
import { Flag, Trace } from "./model.js";
import { searchIn } from "./find.js";
import { took } from "./took.js";
import { Waterfall } from "./waterfall.js";

const id = decodeURIComponent(location.pathname.split("/").pop() ?? "");
const crumbs = [{ label: "Traces", href: "/search" }];
const frame = mountFrame({ section: "traces", title: id.slice(0, 7), crumbs, width: "full" });
frame.main.classList.add("trace-page");

async function load() {
  fill(frame.main, skeleton());
  try {
    const json = await fetchTrace(id);
    if (json?.spans?.length) show(new Trace(json));
    else fill(frame.main, absent());
  } catch (error) {
    fill(frame.main, el(".empty", el("h2", "This trace could not be loaded"), el("p", error.message), el("button", { onclick: load }, icon("refresh", 16), "Try again")));
  }
}

/** @param {Trace} trace */
function show(trace) {
  const colors = serviceColors(trace.services.map((s) => s.name));
  const critical = criticalPath(trace);
  const none = new Map();
  const showsCritical = () => params().get("critical") !== "off";

  const waterfall = new Waterfall(trace, colors, showsCritical() ? critical : none, {});
  const minimap = new Minimap(trace, colors, { onView: (from, to) => view(from, to) });
  const axis = timeAxis(trace.duration, { onView: (from, to) => view(from, to) });

  const finder = el("input.find", { type: "search", placeholder: "Find in trace", "aria-label": "Find in trace", spellcheck: "false", value: params().get("uiFind") ?? "" });
  const found = el("span.found", { "aria-live": "polite" });
  const only = el("button.toggle", { type: "button", "aria-pressed": "false", title: "Show only what is found" }, icon("filter", 16), el("span", "Only matches"));
  const path = el(
    "button.toggle",
    { type: "button", "aria-pressed": String(showsCritical()), title: "Critical path: the work that the trace's duration waited for (c)" },
    el("span.path-sample", { "aria-hidden": "true" }), el("span", "Critical path"),
  );

  const range = () => {
    const query = params();
    const part = (name, otherwise) => (query.has(name) ? Math.min(1, Math.max(0, Number(query.get(name)) / Math.max(1, trace.duration))) : otherwise);
    const from = part("from", 0);
    const to = part("to", 1);
    return from < to ? [from, to] : [0, 1];
  };
  const applyView = () => {
    const [from, to] = range();
    minimap.show(from, to);
    const ticks = axis.show(from, to);
    waterfall.box.style.setProperty("--tick-first", `${ticks.first * 100}%`);
    waterfall.box.style.setProperty("--tick-step", `${ticks.step * 100}%`);
    waterfall.setView(from, to);
  };
  const view = (/** @type {number} */ from, /** @type {number} */ to) => {
    const whole = from <= 0 && to >= 1;
    setParams({ from: whole ? null : Math.round(from * trace.duration), to: whole ? null : Math.round(to * trace.duration) });
    applyView();
    if (!whole) waterfall.bringIntoSight(from * trace.duration, to * trace.duration);
  };
  const zoom = (/** @type {number} */ factor) => {
    const [from, to] = range();
    const middle = (from + to) / 2;
    const half = Math.min(0.5, ((to - from) / 2) * factor);
    const start = Math.max(0, Math.min(1 - 2 * half, middle - half));
    view(start, start + 2 * half);
  };

  /** @type {Uint8Array | null} */
  let matches = null;
  const look = () => {
    const words = finder.value.trim();
    matches = words ? searchIn(trace, words) : null;
    const hits = matches ? matches.reduce((sum, hit) => sum + hit, 0) : 0;
    const onlyMatches = Boolean(matches) && params().get("only") === "matches";
    only.hidden = !matches;
    only.setAttribute("aria-pressed", String(onlyMatches));
    found.textContent = matches ? (hits ? count(hits, "span") : "None") : "";
    found.classList.toggle("none", Boolean(matches) && !hits);
    waterfall.setMatches(matches, onlyMatches && hits > 0);
    return hits;
  };
  const jump = (/** @type {number} */ step) => matches && waterfall.next((row) => matches?.[row] === 1, step);
  finder.addEventListener("input", debounce(120, () => {
    setParams({ uiFind: finder.value.trim() }, { replace: true });
    if (look() && waterfall.selected < 0) jump(1);
  }));
  finder.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter") jump(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") {
      finder.value = "";
      setParams({ uiFind: null, only: null }, { replace: true });
      look();
      waterfall.element.focus();
    } else return;
    event.preventDefault();
  });
  only.addEventListener("click", () => {
    setParams({ only: params().get("only") === "matches" ? null : "matches" }, { replace: true });
    look();
  });
  const togglePath = () => {
    const next = !showsCritical();
    setParams({ critical: next ? null : "off" }, { replace: true });
    path.setAttribute("aria-pressed", String(next));
    waterfall.setCritical(next ? critical : none);
  };
  path.addEventListener("click", togglePath);

  frame.setTitle(id.slice(0, 7));
  document.title = `${trace.name} · ObservabilityStack`;
  fill(frame.main, header(trace, colors, { finder, found, only, path, lookFor: (words) => {
    finder.value = words;
    finder.dispatchEvent(new Event("input"));
  } }), el(".trace-overview", minimap.element, el(".axis-row", el(".axis-head", el("span", "Service and operation")), axis.element, el(".axis-took", "Duration"))), waterfall.box);
  needle(waterfall, axis, range, trace);
  applyView();
  look();
  if (matches) jump(1);
  waterfall.element.focus({ preventScroll: true });
  shortcuts({ waterfall, finder, jump, togglePath, zoom, view, trace });
  onNavigate(() => {
    finder.value = params().get("uiFind") ?? "";
    applyView();
    look();
  });
}

function header(trace, colors, { finder, found, only, path, lookFor }) {
  const root = trace.spans[0];
  const start = trace.startMicros / 1000;
  const copyID = el("button.link.trace-id", { type: "button", title: `Copy ${trace.id}`, onclick: () => copy(trace.id, "Trace id copied") }, trace.id.slice(0, 7), icon("copy", 12));
  const fact = (value, name, hint = "", kind = "") => el("span.trace-fact", { title: hint, class: kind }, el("b", value), name && ` ${name}`);
  return el("header.trace-head",
    el(".trace-title",
      el("span.chip", { style: { "--service": colors[0] } }),
      el("h2", el("span.service", trace.serviceName(0)), " ", el("span.operation", root.operationName)),
      copyID),
    el(".trace-facts",
      fact(took(trace.duration), "", `${trace.duration} µs`, "big"),
      fact(dateTime(start, { millis: true }), "", relativeTime(start)),
      fact(String(trace.services.length), trace.services.length === 1 ? "service" : "services"),
      fact(String(trace.count), trace.count === 1 ? "span" : "spans"),
      fact(String(trace.levels), trace.levels === 1 ? "level" : "levels", "Depth of the tree"),
      trace.errors > 0 && el(
        "button.trace-fact.bad", { type: "button", title: "Find them", onclick: () => lookFor("error=true") }, icon("error", 14),
        el("b", String(trace.errors)), trace.errors === 1 ? " error" : " errors",
      )),
    el(".trace-tools", el(".with-icon.find-box", icon("search", 16), finder, found), only, path,
      el(
        "a.button",
        { href: searchURL({ service: trace.serviceName(0), operation: root.operationName, lookback: "1h" }), title: "Traces that begin the same way" },
        icon("traces", 16), el("span", "Similar"),
      ),
      el("a.button", { href: `${traceJSON(trace.id)}?prettyPrint=true`, target: "_blank", rel: "noopener", title: "The trace as JSON" }, icon("code", 16), el("span", "JSON"))),
    el("ul.services", { "aria-label": "Services, by their own time" }, [...trace.services.keys()].sort((a, b) => trace.services[b].selfMicros - trace.services[a].selfMicros).map((index) => {
      const share = trace.services[index];
      const total = trace.services.reduce((sum, s) => sum + s.selfMicros, 0) || 1;
      return el("li", el("button", {
        type: "button", title: `${count(share.spans, "span")}, ${took(share.selfMicros)} own time. Find its spans`,
        onclick: () => lookFor(`service=${share.name}`),
      },
        el("span.chip", { style: { "--service": colors[index] } }), share.name, share.errors > 0 && el("span.bad", { title: count(share.errors, "error") }, icon("error", 12)),
        el("span.share", format(share.selfMicros / total, "percentunit", 0))));
    })),
    trace.warnings.length > 0 && el(".notice.warn", icon("warn", 14), trace.warnings.join("; ")));
}

/** The line that follows the pointer over the bars, with its time on the axis. */
function needle(waterfall, axis, range, trace) {
  const { element, needle: line } = waterfall;
  const hide = () => {
    line.hidden = true;
    axis.point(null);
  };
  element.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    const box = axis.element.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    if (share < 0 || share > 1 || event.target.closest(".details-panel")) return hide();
    const [from, to] = range();
    line.hidden = false;
    line.style.left = `${event.clientX - element.getBoundingClientRect().left}px`;
    axis.point(share, format((from + share * (to - from)) * trace.duration, "µs"));
  });
  element.addEventListener("pointerleave", hide);
}

function shortcuts({ waterfall, finder, jump, togglePath, zoom, view, trace }) {
  const open = () => (waterfall.selected < 0 ? waterfall.move(1) : waterfall.toggleDetails(waterfall.selected));
  const side = (folded) => {
    const row = waterfall.selected;
    if (row < 0) return waterfall.move(1);
    const already = Boolean(waterfall.folded[row]) === folded || !trace.hasChildren(row);
    if (!already) return waterfall.fold(row, folded);
    if (folded && trace.parent[row] >= 0) waterfall.reveal(trace.parent[row]);
    else if (!folded) waterfall.move(1);
  };
  let depth = trace.levels;
  const level = (step) => {
    depth = Math.max(1, Math.min(trace.levels, depth + step));
    waterfall.foldTo(depth - 1 + (depth === trace.levels ? 1 : 0));
  };
  addShortcuts("Waterfall", [
    { keys: "j", does: "Next span", run: () => waterfall.move(1) },
    { keys: "k", does: "Previous span", run: () => waterfall.move(-1) },
    { keys: "↓", does: "Next span", run: () => waterfall.move(1) },
    { keys: "↑", does: "Previous span", run: () => waterfall.move(-1) },
    { keys: "Enter", does: "Open or close details", run: (event) => (event.target instanceof HTMLElement && event.target.closest("a, button, summary") ? event.target.click() : open()) },
    { keys: "h", does: "Fold, or go to the parent", run: () => side(true) },
    { keys: "l", does: "Unfold, or go inside", run: () => side(false) },
    { keys: "←", does: "Fold, or go to the parent", run: () => side(true) },
    { keys: "→", does: "Unfold, or go inside", run: () => side(false) },
    { keys: "[", does: "Fold one level more", run: () => level(-1) },
    { keys: "]", does: "Unfold one level more", run: () => level(1) },
    { keys: "e", does: "Next error", run: () => waterfall.next((row) => (trace.flags[row] & Flag.error) !== 0, 1) },
    { keys: "E", does: "Previous error", run: () => waterfall.next((row) => (trace.flags[row] & Flag.error) !== 0, -1) },
    { keys: "f", does: "Find in trace", run: () => finder.select() },
    { keys: "n", does: "Next match", run: () => jump(1) },
    { keys: "N", does: "Previous match", run: () => jump(-1) },
    { keys: "c", does: "Critical path", run: togglePath },
    { keys: "+", does: "Closer", run: () => zoom(0.5) },
    { keys: "-", does: "Wider", run: () => zoom(2) },
    { keys: "0", does: "Whole trace", run: () => view(0, 1) },
  ]);
}

const absent = () => el(".empty",
  el("h2", "No trace with this id"),
  el("p", "It may not have arrived yet, may not have been sampled, or may be older than what is kept."),
  el("p.mono", id),
  el("p.buttons", el("button", { onclick: load }, icon("refresh", 16), "Look again"), el("a.button.primary", { href: "/search" }, "Search traces")));

const skeleton = () => el(
  ".trace-skeleton", { "aria-busy": "true", "aria-label": "Loading" }, el(".skeleton.wide"), el(".skeleton.strip"),
  Array.from({ length: 12 }, (_, i) => el(".skeleton.line", { style: { "margin-left": `${(i % 5) * 3}%`, width: `${70 - (i % 7) * 6}%` } })),
);

load();
