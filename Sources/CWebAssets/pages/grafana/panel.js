// One panel on a dashboard: its frame, its queries, and the picture in it. A failure stays inside.

import { el, fill } from "../system/dom.js";
import { doorURL, hasDoor } from "../system/doors.js";
import { openMenu, openPopover } from "../system/float.js";
import { prometheusDuration } from "../system/format.js";
import { icon } from "../system/icons.js";
import { encode, isAbort } from "../system/request.js";
import { copy } from "../system/snippet.js";
import { runQueries } from "./api.js";
import { lookOf } from "./model/fieldconfig.js";
import { readFrame } from "./model/frames.js";
import { interpolate } from "./model/interpolate.js";
import { transform } from "./model/transform.js";
import { sourceOf } from "./model/variables.js";
import { absence, asksNothing, pictureOf } from "./panels/kinds.js";
import { markdown, safe } from "./panels/text.js";
import { reasonOf } from "./reasons.js";

/** @typedef {import("./model/document.js").PanelPlace} PanelPlace */
/** @typedef {{time: import("../system/time.js").TimeState, variables: import("./model/variables.js").Variables, dashboard: any, onView: (id: number | null) => void,
 *   marks: Promise<import("./annotations.js").Mark[]>}} Board */

const LEAST_STEP = 1000;
const INSTANT_KINDS = new Set(["table"]);

export class Panel {
  /** @param {PanelPlace} place @param {Board} board */
  constructor(place, board) {
    this.place = place;
    this.board = board;
    this.json = place.json;
    this.id = place.id;
    this.lookup = board.variables.scoped(place.scoped, { __dashboard: board.dashboard.title ?? "" });
    this.waiting = new AbortController();
    this.seen = false;
    this.stale = true;
    this.busy = false;
    this.body = el(".panel-body");
    this.titleNode = el("h3.truncate");
    this.marks = el(".panel-marks");
    const menu = el("button.ghost.small.square.panel-menu", { type: "button", "aria-label": "Panel menu", "aria-haspopup": "menu", onclick: () => this.#menu(menu) }, icon("more", 16));
    this.element = el("section.panel.dash-panel", { dataset: { kind: this.json.type, panel: String(this.id) }, class: this.json.transparent ? "transparent" : "" },
      el("header.panel-head", this.titleNode, this.marks, menu), this.body);
    this.titleNode.addEventListener("dblclick", () => board.onView(this.id));
    this.retitle();
  }

  get title() { return this.json.title ? interpolate(this.json.title, this.lookup, "text") : ""; }

  retitle() {
    const { title } = this;
    this.titleNode.textContent = title;
    this.titleNode.title = this.json.description ? `${title}: ${interpolate(this.json.description, this.lookup, "text")}` : title;
    this.element.setAttribute("aria-label", title || "Panel");
    this.element.classList.toggle("untitled", !title);
  }

  /** Asks again now if it is in sight, otherwise when it comes into sight. */
  refresh() {
    this.stale = true;
    if (this.seen) this.#load();
  }

  /** @param {boolean} seen whether it is in sight, or nearly */
  setSeen(seen) {
    this.seen = seen;
    if (seen && this.stale) this.#load();
  }

  destroy() {
    this.waiting.abort();
    this.picture?.destroy?.();
    this.element.remove();
  }

  #pictured() {
    if (this.picture) return this.picture;
    const Kind = pictureOf(this.json.type);
    if (!Kind) return null;
    fill(this.body);
    this.picture = new Kind(this.body, this.json, {
      title: this.title, group: this.board.dashboard.uid ?? "dashboard", time: this.board.time,
      text: (text) => interpolate(text, this.lookup, "text"), pinActions: (point) => this.#pinActions(point),
    });
    return this.picture;
  }

  async #load() {
    this.stale = false;
    if (this.busy) {
      this.waiting.abort();
      this.waiting = new AbortController();
    }
    const picture = this.#pictured();
    if (!picture) return this.#say(absence(this.json.type));
    if (asksNothing(this.json.type)) return picture.show({ frames: [], range: this.board.time.range(), marks: [], look: () => { throw new Error("words have no fields"); }, noData: "" });
    const { signal } = this.waiting;
    this.busy = true;
    this.element.setAttribute("aria-busy", "true");
    if (!this.shownOnce) (picture.loading ?? (() => this.#skeleton())).call(picture);
    try {
      await this.#ask(picture, signal);
      this.shownOnce = true;
    } catch (error) {
      if (isAbort(error)) return;
      this.#fail(error.message, this.expressions?.[0]);
    }
    this.busy = false;
    this.element.removeAttribute("aria-busy");
  }

  async #ask(picture, signal) {
    const range = this.board.time.range();
    const targets = (this.json.targets ?? []).filter((target) => !target.hide);
    const queries = await this.#queries(targets, range);
    this.expressions = queries.map((query) => query.expr);
    if (!queries.length) {
      const other = await this.#otherSource(targets);
      this.#restore();
      this.#mark([]);
      return other ? this.#say(other) : picture.show({ frames: [], range, marks: [], look: () => ({}), noData: "This panel asks for nothing: it has no query." });
    }
    const results = await runQueries(queries, range, signal);
    const failed = queries.filter(({ refId }) => results[refId]?.error);
    const frames = queries.flatMap(({ refId }) => (results[refId]?.frames ?? []).map((json) => readFrame(json, refId)));
    const filled = frames.filter((frame) => frame.length);
    if (failed.length && !filled.length) return this.#fail(results[failed[0].refId].error, failed[0].expr);
    const { frames: shown, skipped } = transform(filled, this.json.transformations);
    const executed = frames.map((frame) => /^Expr: (.*?)(?:\nStep: |$)/s.exec(frame.meta.executedQueryString ?? "")?.[1]).filter(Boolean);
    if (executed.length) this.executed = [...new Set(executed)];
    const text = (words) => interpolate(words, this.lookup, "text");
    const noData = filled.length ? "No data in this time range." : this.#ownWords() ?? await reasonOf(queries[0].datasource.uid ?? "", this.executed ?? this.expressions);
    const marks = await this.board.marks;
    if (signal.aborted) return;
    this.#restore();
    picture.show({ frames: shown, range, marks, look: (field, frame) => lookOf(this.json, field, frame, text), noData });
    this.#mark([
      ...failed.map(({ refId }) => `Query ${refId} failed: ${results[refId].error}`),
      ...skipped.map((id) => `The transformation “${id}” is not applied.`),
      ...new Set(frames.flatMap((frame) => (frame.meta.notices ?? []).map((notice) => notice.text))),
    ]);
  }

  async #queries(targets, range) {
    const width = Math.max(100, this.body.clientWidth || 400);
    const points = this.json.maxDataPoints ?? Math.min(1000, Math.max(60, Math.round(width / 2)));
    const least = this.json.interval ? interpolate(this.json.interval, this.lookup) : undefined;
    const out = [];
    for (const target of targets) {
      const expr = target.expr === undefined ? "" : interpolate(target.expr, this.lookup);
      if (!expr.trim()) continue;
      const source = await sourceOf(target.datasource ?? this.json.datasource, this.lookup);
      if (source && source.type !== "prometheus") continue;
      const instant = target.instant === true || (target.instant === undefined && target.range === undefined && INSTANT_KINDS.has(this.json.type) && target.format === "table");
      out.push({
        refId: target.refId ?? `Q${out.length}`, expr, datasource: { type: "prometheus", uid: source?.uid }, instant,
        range: !instant || target.range === true, maxDataPoints: points,
        intervalMs: Math.max(LEAST_STEP, roundStep((range.to - range.from) / points)),
        legendFormat: target.legendFormat ? interpolate(target.legendFormat, this.lookup, "text") : "__auto",
        format: this.json.type === "heatmap" || this.json.type === "histogram" ? "time_series" : target.format === "table" ? "table" : "time_series",
        interval: target.interval ? interpolate(target.interval, this.lookup) : least, intervalFactor: target.intervalFactor,
      });
    }
    return out;
  }

  async #otherSource(targets) {
    for (const target of targets) {
      const source = await sourceOf(target.datasource ?? this.json.datasource, this.lookup);
      if (source && source.type !== "prometheus") return `This panel asks ${source.name} (${source.type}); panels read Prometheus so far.`;
    }
    return "";
  }

  #skeleton() { this.overlay ??= this.#cover(el(".skeleton.fill")); }

  #cover(...content) {
    this.overlay?.remove();
    this.overlay = el(".panel-cover", ...content);
    this.body.append(this.overlay);
    return this.overlay;
  }

  #restore() {
    this.overlay?.remove();
    this.overlay = null;
    this.body.classList.remove("covered");
  }

  /** What the dashboard says where there is nothing; a mere mark, such as a dash, is no answer to why. */
  #ownWords() {
    const words = this.json.fieldConfig?.defaults?.noValue;
    return words?.includes(" ") ? words : undefined;
  }

  /** The sentence in the middle of a panel. */
  #say(sentence) {
    this.#cover(el("p.panel-note", sentence));
    this.body.classList.add("covered");
  }

  #fail(sentence, query) {
    this.#mark([]);
    if (this.picture?.error) {
      this.#restore();
      return this.picture.error(sentence, query);
    }
    this.#cover(el(".panel-failed", { role: "alert" }, icon("error", 20), el("p", sentence), query && el("code", query)));
    this.body.classList.add("covered");
  }

  #mark(warnings) {
    const { description } = this.json;
    const links = (this.json.links ?? []).filter((link) => link.url);
    fill(this.marks,
      warnings.length > 0 && this.#badge("warn", "Warnings", el("ul", warnings.map((text) => el("li", text))), "warn"),
      description && this.#badge("info", "About this panel", el(".text-panel", ...safe(markdown(interpolate(description, this.lookup, "text"))))),
      links.length > 0 && this.#badge(
        "external", "Links",
        el(
          "ul.menu",
          links.map((link) => el(
            "a.menu-item", { href: interpolate(link.url, this.lookup, "text"), target: link.targetBlank ? "_blank" : null, rel: "noopener" },
            link.title || link.url,
          )),
        ),
      ));
  }

  #badge(name, label, content, kind = "") {
    const button = el(
      "button.ghost.small.square",
      {
        type: "button", "aria-label": label, title: label, class: kind,
        onclick: () => openPopover(button, content, { label, class: "panel-popover", align: "end" }),
      },
      icon(name, 14),
    );
    return button;
  }

  #menu(anchor) {
    const query = (this.executed ?? this.expressions ?? []).join("\n");
    const viewed = new URLSearchParams(location.search).get("viewPanel") === String(this.id);
    openMenu(anchor, [
      { label: viewed ? "Back to the dashboard" : "View full screen", icon: "expand", hint: "v", run: () => this.board.onView(viewed ? null : this.id) },
      ...(query && hasDoor("prometheus") ? [{ label: "Explore in metrics", icon: "explore", href: this.exploreURL() }] : []),
      ...(query ? [{ label: "Copy query", icon: "copy", run: () => copy(query, "Query copied") }] : []),
      { label: "Copy link to panel", icon: "share", run: () => copy(this.#link(), "Link copied") },
      { label: "Refresh", icon: "refresh", run: () => this.refresh() },
    ], { align: "end", label: "Panel menu" });
  }

  #link() {
    const url = new URL(location.href);
    url.searchParams.set("viewPanel", String(this.id));
    return url.href;
  }

  /** The metrics page with this panel's queries over the same time. @param {{from: number, to: number}} [range] */
  exploreURL(range = this.board.time.range()) {
    const query = {};
    (this.executed ?? this.expressions ?? []).slice(0, 10).forEach((expr, at) => {
      query[`g${at}.expr`] = expr;
      query[`g${at}.tab`] = "graph";
      query[`g${at}.range_input`] = prometheusDuration((range.to - range.from) / 1000);
      if (!this.board.time.isLive) query[`g${at}.end_input`] = new Date(range.to).toISOString().slice(0, 19).replace("T", " ");
    });
    return doorURL("prometheus", `/query?${encode(query)}`);
  }

  #pinActions({ time, from, to }) {
    const half = Math.max(30000, (to - from) / 2 || 0);
    const around = { from: (from ?? time) - half, to: (to ?? time) + half };
    return [
      ...(hasDoor("jaeger") ? [{
        label: "Traces of this moment", icon: "traces",
        href: doorURL("jaeger", `/search?${encode({ lookback: "custom", start: Math.round(around.from * 1000), end: Math.round(around.to * 1000) })}`),
      }] : []),
      ...(hasDoor("prometheus") ? [{ label: "Explore", icon: "explore", href: this.exploreURL() }] : []),
      { label: "Copy query", icon: "copy", run: () => copy((this.executed ?? this.expressions ?? []).join("\n"), "Query copied") },
    ];
  }
}

/** Grafana's rounding of a step, milliseconds. @param {number} millis */
function roundStep(millis) {
  const steps = [[10, 1], [15, 10], [35, 20], [75, 50], [150, 100], [350, 200], [750, 500], [1500, 1000], [3500, 2000], [7500, 5000],
    [12500, 10000], [17500, 15000], [25000, 20000], [45000, 30000],
    [90000, 60000], [210000, 120000], [450000, 300000], [750000, 600000], [1050000, 900000], [1500000, 1200000], [2700000, 1800000],
    [5400000, 3600000], [9000000, 7200000], [16200000, 10800000],
    [32400000, 21600000], [86400000, 43200000], [604800000, 86400000]];
  return steps.find(([upTo]) => millis < upTo)?.[1] ?? 604800000;
}
