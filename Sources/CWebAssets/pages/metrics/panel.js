// One query with its answer: editor, graph or table, and what it cost. The page holds several.

import { el, fill } from "../system/dom.js";
import { icon } from "../system/icons.js";
import { openMenu } from "../system/float.js";
import { copy } from "../system/snippet.js";
import { count, format, parseDuration, prometheusDuration } from "../system/format.js";
import { doorURL, hasDoor } from "../system/doors.js";
import { fromMatrix, metricText, queryStep } from "../system/series.js";
import { isAbort, prometheus } from "../system/request.js";
import { TimeChart } from "../system/chart.js";
import { ExpressionEditor } from "./editor.js";
import { guessUnit, metricsIn } from "./promql.js";
import { metricNames, nearestName } from "./catalog.js";
import { showResult } from "./results.js";
import { remember, recent } from "./history.js";

/** What a panel is, as the URL holds it. @typedef {{expr: string, tab: "graph"|"table", mode: "lines"|"stacked", step: string}} PanelState step: "" is automatic */

const UNITS = [
  ["", "Automatic"], ["short", "Number"], ["s", "Seconds"], ["ms", "Milliseconds"], ["bytes", "Bytes"],
  ["binBps", "Bytes a second"], ["percentunit", "Share as percent"], ["percent", "Percent"],
  ["reqps", "Requests a second"],
];
const SLOW_MILLIS = 400;

export class QueryPanel {
  /**
   * @param {PanelState} state @param {import("../system/time.js").TimeState} time
   * @param {{onChange: () => void, onRemove: () => void, onDuplicate: () => void, starter: (use: (expr: string) => void) => HTMLElement}} page
   */
  constructor(state, time, page) {
    this.state = { ...state };
    this.time = time;
    this.page = page;
    this.unit = "";
    this.stop = new AbortController();
    /** @type {TimeChart|null} */
    this.chart = null;

    this.editor = new ExpressionEditor({ value: state.expr, onRun: () => this.run(), onChange: () => (this.message.hidden = true) });
    this.runButton = el("button.primary.run",
      { type: "button", title: "Run (Enter)", onclick: () => (this.running ? this.stop.abort() : this.run()) },
    );
    this.message = el("div.query-message", { role: "alert", hidden: true });
    this.facts = el("span.query-facts");
    this.content = el("div.query-content");
    this.tabs = el("div.tabs", { role: "tablist" },
      ["graph", "table"].map((tab) => el("button",
        { type: "button", role: "tab", "data-tab": tab, onclick: () => this.#setTab(tab) },
        tab === "graph" ? "Graph" : "Table",
      )),
    );
    this.options = el("div.query-options");
    const menu = el("button.ghost.square",
      { type: "button", "aria-label": "More", "aria-haspopup": "menu", onclick: () => this.#menu(menu) },
      icon("more"),
    );
    this.element = el("section.panel.query", { "aria-label": "Query" },
      el("div.query-line", this.editor.element, this.runButton, menu), this.message,
      el("div.query-bar", this.tabs, this.facts, this.options), this.content);
    this.#setRunning(false);
    this.#showTab();
    if (state.expr) this.run({ quiet: true });
    else this.#showStarter();
  }

  /** Asks again; `quiet` leaves the URL alone (the first run, a refresh). */
  async run({ quiet = false } = {}) {
    const expr = this.editor.value.trim();
    this.state.expr = expr;
    if (!quiet) this.page.onChange();
    this.stop.abort();
    if (!expr) return this.#showStarter();
    const mine = (this.stop = new AbortController());
    this.#setRunning(true);
    this.chart?.setLoading();
    if (!this.chart && this.state.tab === "graph") this.#ensureChart().setLoading();
    const began = performance.now();
    try {
      const answer = await (this.state.tab === "graph" ? this.#askRange(expr, mine.signal) : this.#askInstant(expr, mine.signal));
      if (mine.signal.aborted) return;
      this.#clearMessage(answer);
      await answer.show(performance.now() - began);
      if (!quiet) remember(expr);
    } catch (error) {
      if (isAbort(error)) {
        if (this.stop === mine) this.facts.textContent = "Stopped.";
      } else if (this.stop === mine) this.#showError(error, expr);
    } finally {
      if (this.stop === mine) this.#setRunning(false);
    }
  }

  /** Frees what it holds. */
  remove() {
    this.stop.abort();
    this.chart?.destroy();
    this.element.remove();
  }

  async #askRange(query, signal) {
    const range = this.time.range();
    const step = this.state.step ? Math.max(1, parseDuration(this.state.step) * 1000) : queryStep(
      range.to - range.from,
      this.content.clientWidth || 900,
    );
    const [start, end] = [Math.floor(range.from / step) * step, Math.ceil(range.to / step) * step].map((millis) => millis / 1000);
    const { data, warnings, infos } = await prometheus("/api/v1/query_range", { form: { query, start, end, step: step / 1000 }, signal });
    return { warnings, infos, show: async (millis) => {
      const series = fromMatrix(data.result, { start, end, step: step / 1000 });
      for (const one of series) if (one.name === "{}") one.name = query;
      const points = data.result.reduce((sum, one) => sum + (one.values?.length ?? one.histograms?.length ?? 0), 0);
      const unit = this.unit || guessUnit(query);
      const chart = this.#ensureChart();
      chart.setOptions({
        unit, stack: this.state.mode === "stacked" ? "normal" : "none", title: query,
        legend: series.length === 1 && series[0].name === query ? "none" : "table",
      });
      chart.setData({ ...range, step, series, noData: series.length ? "These series hold histograms: see the table." : await this.#whyEmpty(query) });
      this.#showFacts(`${count(series.length, "series", "series")}, ${count(points, "point")}, step ${prometheusDuration(step / 1000)}`, millis);
    } };
  }

  async #askInstant(query, signal) {
    const { to } = this.time.range();
    const { data, warnings, infos } = await prometheus("/api/v1/query", { form: { query, time: this.time.isLive ? undefined : to / 1000 }, signal });
    return { warnings, infos, show: async (millis) => {
      this.#dropChart();
      const found = Array.isArray(data.result) && (data.resultType === "vector" || data.resultType === "matrix") ? data.result.length : 1;
      if (found) {
        const place = el("div.query-table");
        fill(this.content, place);
        showResult(place, data, { unit: this.unit || guessUnit(query), onPick: (matcher) => this.#narrow(matcher) });
      } else fill(this.content, el("div.empty", el("h3", "No series now"), el("p", await this.#whyEmpty(query))));
      this.#showFacts(data.resultType === "scalar" || data.resultType === "string" ? data.resultType : count(found, "series", "series"), millis);
    } };
  }

  /** Why nothing came back, in a sentence. */
  async #whyEmpty(query) {
    const names = await metricNames();
    if (!names.length) return "This server has no metrics yet: nothing was scraped or pushed so far.";
    const unknown = metricsIn(query).find((name) => !names.includes(name));
    if (!unknown) return "The metrics exist, but no series matches in this time range.";
    const near = nearestName(unknown, names);
    return `There is no metric ${unknown}.${near ? ` Did you mean ${near}?` : ""}`;
  }

  #ensureChart() {
    if (this.chart) return this.chart;
    const place = el("div.query-chart");
    fill(this.content, place);
    this.chart = new TimeChart(place, {
      group: "query", calcs: ["min", "mean", "max", "last"], legend: "table",
      onZoom: (from, to) => this.time.zoom(from, to), onZoomBack: () => this.time.zoomBack(), onPan: (from, to) => this.time.set(from, to),
      pinActions: (point) => [
        ...(hasDoor("jaeger") ? [{
          label: "Traces of this moment", icon: "traces",
          href: doorURL("jaeger", `/search?lookback=custom&start=${Math.round(point.from * 1000)}&end=${Math.round(point.to * 1000)}`),
        }] : []),
        { label: "Only this series", icon: "filter", run: () => this.#use(selectorFor(this.state.expr, point.series.labels)) },
        { label: "Copy query", icon: "copy", run: () => copy(this.state.expr, "Query copied") },
      ],
    });
    return this.chart;
  }

  #dropChart() {
    this.chart?.destroy();
    this.chart = null;
  }

  #showFacts(words, millis) {
    fill(this.facts, `${words} · `, el("span", { title: "From asking to the answer" }, format(millis / 1000, "s", millis < 10 ? 1 : 0)));
  }

  #clearMessage({ warnings, infos }) {
    this.editor.mark(null);
    this.message.className = "query-message notice warn";
    this.message.hidden = !warnings.length && !infos.length;
    fill(this.message, icon("warn", 16), el("div", [...warnings, ...infos].map((text) => el("p", text))));
  }

  #showError(error, expr) {
    const place = /(?:^|\s)(?:invalid parameter "query": )?(\d+):(\d+): (?:parse error: )?(.*)$/s.exec(error.message);
    const text = place ? place[3] : error.message;
    if (place) {
      const lines = expr.split("\n");
      const start = lines.slice(0, Number(place[1]) - 1).reduce((sum, line) => sum + line.length + 1, 0) + Number(place[2]) - 1;
      this.editor.mark({ start, end: start + 1 });
    }
    this.message.className = "query-message notice bad";
    this.message.hidden = false;
    fill(this.message,
      icon("error", 16),
      el("p", place ? el("strong", `Line ${place[1]}, column ${place[2]}: `) : null, text.charAt(0).toUpperCase() + text.slice(1)),
    );
    this.facts.textContent = "";
    if (this.chart?.data) delete this.chart.root.dataset.stale;
    else {
      this.#dropChart();
      fill(this.content, el("div.empty.small", place ? "Nothing to show until the expression is right." : "Nothing to show."));
    }
  }

  #showStarter() {
    this.#clearMessage({ warnings: [], infos: [] });
    this.#dropChart();
    this.facts.textContent = "";
    this.#setRunning(false);
    fill(this.content, this.page.starter((expr) => this.#use(expr)));
  }

  #use(expr) {
    this.editor.value = expr;
    this.run();
    this.editor.focus();
  }

  /** Adds a matcher to the first selector of the expression. */
  #narrow(matcher) {
    const [name] = metricsIn(this.state.expr);
    if (!name) return;
    const at = this.state.expr.indexOf(name) + name.length;
    const rest = this.state.expr.slice(at);
    if (rest.includes(matcher)) return;
    const narrowed = rest.startsWith("{") ? `{${matcher}${/^\{\s*\}/.test(rest) ? "" : ", "}${rest.slice(1).trimStart()}` : `{${matcher}}${rest}`;
    this.#use(this.state.expr.slice(0, at) + narrowed);
  }

  #setTab(tab) {
    if (tab === this.state.tab) return;
    this.state.tab = tab;
    this.#showTab();
    this.#dropChart();
    if (this.editor.value.trim()) this.content.replaceChildren();
    this.run();
  }

  #showTab() {
    const graph = this.state.tab === "graph";
    this.tabs.querySelectorAll("button").forEach((button) => button.setAttribute("aria-selected", String(button.dataset.tab === this.state.tab)));
    const step = el("input.step", { value: this.state.step, placeholder: "auto", "aria-label": "Step", size: "5", spellcheck: "false", title: "Step between points, such as 15s or 5m; empty is automatic", onchange: () => {
      const text = step.value.trim();
      const valid = !text || text === "auto" || parseDuration(text) > 0;
      step.setAttribute("aria-invalid", String(!valid));
      if (!valid) return;
      this.state.step = text === "auto" ? "" : text;
      this.run();
    } });
    const unit = el("select",
      { "aria-label": "Unit", onchange: () => { this.unit = unit.value; this.run({ quiet: true }); } },
      UNITS.map(([id, label]) => el("option", { value: id, selected: id === this.unit }, id ? label : "Unit: auto")),
    );
    const mode = (name, label, symbol) => el("button.small.square",
      { type: "button", "aria-pressed": String(this.state.mode === name), "aria-label": label, title: label, onclick: () => { this.state.mode = name; this.#showTab(); this.run(); } },
      icon(symbol, 16),
    );
    fill(this.options,
      graph ? [
        el("label.step-label", el("span", "Step"), step), unit,
        el("div.joined", mode("lines", "Lines", "metrics"), mode("stacked", "Stacked", "bars")),
      ] : null,
    );
  }

  #setRunning(running) {
    this.running = running;
    clearTimeout(this.slow);
    const show = (busy) => {
      fill(this.runButton, icon(busy ? "stop" : "play", 14), el("span", busy ? "Stop" : "Run"));
      this.runButton.classList.toggle("busy", busy);
    };
    if (running) this.slow = setTimeout(() => show(true), SLOW_MILLIS);
    else show(false);
  }

  #menu(anchor) {
    const queries = recent().filter((expr) => expr !== this.state.expr).slice(0, 8);
    openMenu(anchor, [
      { label: "Copy expression", icon: "copy", run: () => copy(this.editor.value, "Expression copied") },
      { label: "Duplicate", icon: "plus", run: () => this.page.onDuplicate() },
      { label: "Remove this query", icon: "trash", run: () => this.page.onRemove() },
      ...(queries.length ? [
        "-", { heading: "Recent" },
        ...queries.map((expr) => ({ label: expr.length > 70 ? `${expr.slice(0, 69)}…` : expr, icon: "clock", run: () => this.#use(expr) })),
      ] : []),
    ], { align: "end", label: "Query" });
  }
}

/** The expression narrowed to one of its series where it is a plain selector; otherwise filtered to it as it stands. */
function selectorFor(expr, labels) {
  if (/^[a-zA-Z_:][\w:]*(\{[^{}]*\})?$/.test(expr.trim())) return metricText(labels);
  const pairs = Object.entries(labels).filter(([name]) => name !== "__name__").map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const names = metricsIn(expr);
  if (!pairs.length || names.length !== 1) return expr;
  return expr.replace(new RegExp(`\\b${names[0]}\\b(\\{[^{}]*\\})?`), (_, braces) => {
    const inner = (braces ?? "{}").slice(1, -1).trim();
    return `${names[0]}{${[inner, ...pairs.filter((pair) => !inner.includes(pair))].filter(Boolean).join(", ")}}`;
  });
}
