// The time chart under every page: lines, areas, stacks, bars and points of many series over a range of time, on two canvases, so that
// hovering never repaints the plot. Series are columns of numbers; drawing is bounded by pixels, not by points.
//
//   const chart = new TimeChart(element, { unit: "reqps", group: "dashboard", onZoom: (from, to) => time.zoom(from, to) });
//   chart.setData({ from, to, step, series: [{ name: "GET", labels: { method: "GET" }, times, values }] });
//
// The chart fills `element`, which needs a height; it follows its size, the theme and the device's pixels. `fromMatrix` in series.js makes
// series of a Prometheus answer.

/**
 * One series. `times` are milliseconds, ascending; `values` has the same length; NaN is a gap, and so is a distance between two times of more
 * than 1.5 × the data's `step`. Arrays are borrowed: do not change them while the chart shows them.
 * @typedef {object} ChartSeries
 * @property {string} name what the legend and the tooltip say
 * @property {Record<string, string>} [labels] the series' identity: its colour hangs on them (on the name where absent)
 * @property {Float64Array} times
 * @property {Float64Array} values
 * @property {string} [unit] where it differs from the chart's
 * @property {string} [color] CSS colour; otherwise a stable one of the palette
 * @property {SeriesStyle} [style] what differs from the chart's style
 * @property {boolean} [hidden] starts hidden
 */

/**
 * How series are drawn.
 * @typedef {object} SeriesStyle
 * @property {"line"|"bars"|"points"} [draw] default "line"
 * @property {number} [fill] opacity of the area under a line, 0…1, fading to the axis; default 0, 0.6 when stacked
 * @property {number} [lineWidth] default 1.5; 0 leaves only the area
 * @property {"linear"|"stepAfter"|"stepBefore"|"smooth"} [interpolation] default "linear"
 * @property {number[]} [dash] for example [6, 4]
 * @property {"never"|"always"|"auto"} [points] marks at the points; "auto" where a series has few; default "auto"
 * @property {boolean|number} [connect] draw across gaps: all of them, or those up to so many milliseconds
 */

/**
 * @typedef {object} ChartData
 * @property {number} from left edge, milliseconds
 * @property {number} to right edge
 * @property {ChartSeries[]} series
 * @property {number} [step] milliseconds between points, where known: tells gaps, and how wide bars are
 * @property {{time: number, timeEnd?: number, text: string, color?: string}[]} [annotations]
 * @property {string} [noData] the sentence for an empty chart, with the reason where known
 */

/**
 * @typedef {object} ChartOptions
 * @property {string} [title] what the chart shows, for those who do not see it
 * @property {string} [unit] Grafana's unit id; default "short"
 * @property {number|null} [decimals] fixed; default three significant digits
 * @property {SeriesStyle} [style]
 * @property {"none"|"normal"|"percent"} [stack]
 * @property {"linear"|"log"} [scale] log is base 10; values ≤ 0 are left out
 * @property {number} [min] fixed ends of the value axis
 * @property {number} [max]
 * @property {number} [softMin] ends the axis reaches at least
 * @property {number} [softMax]
 * @property {{value: number, color: string, label?: string}[]} [thresholds]
 * @property {"off"|"line"|"area"|"both"} [thresholdStyle] default "line"
 * @property {"none"|"list"|"table"} [legend] default "list"
 * @property {"bottom"|"right"} [legendPlacement] default "bottom"
 * @property {Calc[]} [calcs] the columns of a table legend: "last", "mean", "max", "min", "sum", "first", "count", "range", "stdDev", "diff"; default ["mean", "max", "last"]
 * @property {"all"|"single"|"none"} [tooltip] default "all", nearest first, 12 at most
 * @property {"near"|"value"} [tooltipSort] default "near"
 * @property {string} [group] charts of one group share the crosshair
 * @property {boolean} [axes] false draws the plot alone; default true
 * @property {(from: number, to: number) => void} [onZoom] a drag over the plot, or Enter after Shift+arrows
 * @property {() => void} [onZoomBack] a double click, or Backspace
 * @property {(from: number, to: number) => void} [onPan] a drag with Shift; without it panning calls onZoom
 * @property {(point: PinnedPoint) => PinAction[]} [pinActions] what a pinned tooltip offers
 * @property {(name: string, shown: boolean) => void} [onToggle] a series was shown or hidden through the legend
 */

/** @typedef {"last"|"lastNotNull"|"first"|"mean"|"min"|"max"|"sum"|"count"|"range"|"stdDev"|"diff"} Calc */
/** @typedef {{time: number, value: number, series: ChartSeries, from: number, to: number}} PinnedPoint the nearest series; from…to is the step around it */
/** @typedef {{label: string, icon?: string, href?: string, run?: () => void}} PinAction */

import { el, fill, oncePerFrame } from "./dom.js";
import { icon } from "./icons.js";
import { axisFormatter, count, dateTime, format, relativeTime } from "./format.js";
import { calculate, nearestIndex } from "./series.js";
import { ColorBook } from "./color.js";
import { stackLayers } from "./stack.js";
import { Legend } from "./legend.js";
import { hideTip, isPinned, pinTip, showTip } from "./tooltip.js";
import { MARGIN, inkOf, paintAnnotations, paintAxes, paintThresholds, readInk, valueAxis } from "./chart-axes.js";
import { listenToPointer } from "./chart-pointer.js";
import { drawBars, drawPoints, fillArea, lineWidthFor, strokeLine, timeAt, trace, xOf, yOf } from "./chart-paint.js";

const TIP_ROWS = 12;
/** Where points stand further apart they are marked. */
const POINT_PIXELS = 20;

/** @type {Map<string, Set<TimeChart>>} */
const groups = new Map();

/** @type {ChartOptions} */
const DEFAULTS = {
  title: "", unit: "short", decimals: null, style: {}, stack: "none", scale: "linear", thresholdStyle: "line",
  legend: "list", legendPlacement: "bottom", calcs: ["mean", "max", "last"], tooltip: "all", tooltipSort: "near",
  axes: true,
};

/**
 * What is drawn of a series: after stacking, with its colour.
 * @typedef {{series: ChartSeries, color: string, style: SeriesStyle, shown: boolean, times: Float64Array, values: Float64Array, base: Float64Array|null}} Drawn
 */

/** A point under the pointer. @typedef {{drawn: Drawn, index: number, y: number, distance: number}} Near */

export class TimeChart {
  /** @param {HTMLElement} element @param {ChartOptions} [options] */
  constructor(element, options = {}) {
    this.element = element;
    /** @type {ChartOptions} */
    this.options = { ...DEFAULTS, ...options };
    /** @type {ChartData|null} */
    this.data = null;
    /** @type {Drawn[]} */
    this.drawn = [];
    this.colors = new ColorBook();
    /** @type {Set<string>} names of hidden series */
    this.hidden = new Set();
    /** @type {import("./chart-paint.js").View|null} */
    this.view = null;
    /** @type {{time: number, y: number|null}|null} where the pointer or the group's crosshair is */
    this.cursor = null;
    /** @type {{x: number, y: number}|null} the pointer over this plot, so that new data is shown where it rests */
    this.pointer = null;
    /** @type {{from: number, to: number}|null} pixels of a drag */
    this.selection = null;
    this.pointed = -1;

    this.base = el("canvas.chart-base", { "aria-hidden": "true" });
    this.overlay = el("canvas.chart-overlay", { "aria-hidden": "true" });
    this.note = el("div.chart-note", { hidden: true });
    this.plot = el("div.chart-plot", { tabindex: "0", role: "img" }, this.base, this.overlay, this.note);
    this.spoken = el("div.unseen", { "aria-live": "polite" });
    this.legendElement = el("div.legend", { hidden: true, role: "group", "aria-label": "Legend" });
    this.root = el("div.chart", this.plot, this.legendElement, this.spoken);
    this.legend = new Legend(this.legendElement, {
      onIsolate: (index) => this.isolate(this.#isOnlyShown(index) ? null : this.drawn[index].series.name),
      onToggle: (index) => this.toggle(this.drawn[index].series.name),
      onPoint: (index) => {
        if (index === this.pointed) return;
        this.pointed = index;
        this.paintOverlaySoon();
      },
    });
    element.append(this.root);

    this.paintSoon = oncePerFrame(() => this.paint());
    this.paintOverlaySoon = oncePerFrame(() => this.paintOverlay());
    this.stops = new AbortController();
    this.observer = new ResizeObserver(() => {
      this.#placeLegend();
      this.paint();
    });
    this.observer.observe(this.plot);
    this.observer.observe(this.root);
    addEventListener("themechange", () => this.paint(), { signal: this.stops.signal });
    this.#listen();
    this.#join();
  }

  /** Shows series; colours stay with their series, hidden ones stay hidden. @param {ChartData} data */
  setData(data) {
    this.data = data;
    delete this.root.dataset.stale;
    for (const series of data.series) if (series.hidden) this.hidden.add(series.name);
    if (data.series.every((series) => this.hidden.has(series.name))) this.hidden.clear();
    this.#prepare();
    this.empty = !data.series.some(({ values }) => values.some((value) => value === value));
    this.#say(this.empty ? el("p", data.noData ?? "No data in this time range.") : null);
    this.#showLegend();
    this.plot.setAttribute("aria-label", this.summary());
    this.paintSoon();
  }

  /** Changes options and keeps the data. @param {Partial<ChartOptions>} options */
  setOptions(options) {
    this.#leave();
    Object.assign(this.options, options);
    this.#join();
    if (!this.data) return;
    this.#prepare();
    this.#showLegend();
    this.paintSoon();
  }

  /** A skeleton while there is nothing yet; curves that stand are kept and dimmed when it takes long. */
  setLoading() {
    if (this.data) this.root.dataset.stale = "";
    else this.#say(el("div.skeleton"), "loading");
  }

  /** The error in words, and the query it is about; the next `setData` clears it. @param {string} sentence @param {string} [query] */
  setError(sentence, query) {
    delete this.root.dataset.stale;
    this.data = null;
    this.drawn = [];
    this.legendElement.hidden = true;
    this.#say([icon("error", 20), el("p", sentence), query ? el("code", query) : null], "error");
    this.plot.setAttribute("aria-label", `${this.options.title}: ${sentence}`);
    this.paint();
  }

  /** Shows one series alone, or all again. @param {string|null} name */
  isolate(name) {
    this.hidden = new Set(name === null ? [] : this.drawn.map(({ series }) => series.name).filter((other) => other !== name));
    this.#shownChanged(name ?? "", true);
  }

  /** Shows or hides one series. @param {string} name */
  toggle(name) {
    if (!this.hidden.delete(name)) this.hidden.add(name);
    if (this.drawn.every(({ series }) => this.hidden.has(series.name))) this.hidden.clear();
    this.#shownChanged(name, !this.hidden.has(name));
  }

  /** The colour a series has now. @param {string} name */
  seriesColor(name) {
    return this.drawn.find(({ series }) => series.name === name)?.color ?? "";
  }

  /** What the chart shows, in sentences. */
  summary() {
    const { data, options } = this;
    if (!data) return options.title ?? "";
    const shown = this.drawn.filter((drawn) => drawn.shown);
    const words = shown.slice(0, 6).map(({ series }) => {
      const say = (calc) => format(calculate(series.values, calc), series.unit ?? options.unit, options.decimals);
      return `${series.name}: last ${say("last")}, from ${say("min")} to ${say("max")}`;
    });
    const rest = shown.length > 6 ? `; and ${shown.length - 6} more` : "";
    const what = `${options.title ? `${options.title}. ` : ""}${count(shown.length, "series", "series")}`;
    return `${what} from ${dateTime(data.from)} to ${dateTime(data.to)}. ${words.join("; ")}${rest}`;
  }

  /** Takes the chart off the page. */
  destroy() {
    this.#leave();
    this.observer.disconnect();
    this.stops.abort();
    this.root.remove();
  }

  /** Paints everything now. */
  paint() {
    const [width, height] = [this.plot.clientWidth, this.plot.clientHeight];
    if (!width || !height) return;
    const ratio = devicePixelRatio || 1;
    const context = sized(this.base, width, height, ratio);
    if (!this.data || !this.note.hidden && this.note.classList.contains("error")) {
      this.view = null;
      this.paintOverlay();
      return;
    }
    this.ink = readInk(this.plot);
    const axis = valueAxis(this.drawn, this.data, this.options, height);
    context.font = this.ink.font;
    const say = axisFormatter(
      this.options.stack === "percent" ? "percent" : this.options.unit,
      Math.max(...axis.ticks.map(Math.abs)),
      axis.step,
      this.options.decimals,
    );
    const labels = this.empty ? [] : axis.ticks.map(this.options.scale === "log" ? (tick) => format(tick, this.options.unit) : say);
    const gutter = this.options.axes ? Math.ceil(Math.max(20, ...labels.map((label) => context.measureText(label).width))) + 10 : 0;
    const [left, top] = this.options.axes ? [MARGIN.left + gutter - 2, MARGIN.top] : [0, 2];
    this.view = {
      left, top, width: Math.max(1, width - left - (this.options.axes ? MARGIN.right : 0)), height: Math.max(1,
        height - top - (this.options.axes ? MARGIN.bottom : 2),
      ),
      from: this.data.from, to: Math.max(this.data.to, this.data.from + 1), min: axis.min, max: axis.max, log: this.options.scale === "log", ratio,
      gap: this.data.step ? this.data.step * 1.5 : Infinity,
    };
    if (this.options.axes) paintAxes(context, this.view, this.ink, axis.ticks, labels);
    context.save();
    context.beginPath();
    context.rect(this.view.left, this.view.top - 2, this.view.width, this.view.height + 4);
    context.clip();
    paintThresholds(context, this.view, this.ink, this.options);
    paintAnnotations(context, this.view, this.ink, this.data.annotations ?? []);
    const shown = this.drawn.filter((drawn) => drawn.shown);
    const bars = shown.filter((drawn) => drawn.style.draw === "bars");
    for (const drawn of this.options.stack === "none" ? shown : shown.toReversed()) this.#paintSeries(context, drawn, bars);
    context.restore();
    if (this.pointer && !isPinned()) this.#hover(this.pointer.x, this.pointer.y);
    this.paintOverlay();
  }

  /** Paints what follows the pointer; the plot below stays as it is. */
  paintOverlay() {
    const context = sized(this.overlay, this.plot.clientWidth, this.plot.clientHeight, devicePixelRatio || 1);
    const { view } = this;
    if (!view) return;
    const { left, top, width, height } = view;
    const pointed = this.drawn[this.pointed];
    if (pointed?.shown && this.drawn.length > 1) {
      context.globalAlpha = 0.75;
      context.fillStyle = this.ink.ground;
      context.fillRect(left, top - 2, width, height + 3);
      context.globalAlpha = 1;
      context.save();
      context.beginPath();
      context.rect(left, top - 2, width, height + 4);
      context.clip();
      this.#paintSeries(context, pointed, this.drawn.filter((drawn) => drawn.shown && drawn.style.draw === "bars"), 1);
      context.restore();
    }
    if (this.selection) {
      const [from, to] = [Math.min(this.selection.from, this.selection.to), Math.max(this.selection.from, this.selection.to)];
      context.fillStyle = this.ink.accent;
      context.globalAlpha = 0.16;
      context.fillRect(from, top, to - from, height);
      context.globalAlpha = 0.8;
      context.fillRect(from, top, 1, height);
      context.fillRect(to - 1, top, 1, height);
      context.globalAlpha = 1;
    }
    if (!this.cursor || this.cursor.time < view.from || this.cursor.time > view.to) return;
    const x = Math.round(xOf(view, this.cursor.time) * view.ratio) / view.ratio;
    context.fillStyle = this.ink.line;
    context.fillRect(x, top, 1, height);
    if (this.selection) return;
    for (const { drawn, index, y } of (this.near ?? []).slice(0, TIP_ROWS).reverse()) {
      if (y < top - 2 || y > top + height + 2) continue;
      const strong = drawn === this.near[0].drawn && this.cursor.y !== null;
      context.beginPath();
      context.arc(xOf(view, drawn.times[index]), y, strong ? 4.5 : 3, 0, 2 * Math.PI);
      context.fillStyle = drawn.color;
      context.fill();
      context.lineWidth = 1.5;
      context.strokeStyle = this.ink.ground;
      context.stroke();
    }
  }

  #prepare() {
    const { data, options } = this;
    const colors = this.colors.assign(data.series);
    const shown = data.series.filter((series) => !this.hidden.has(series.name));
    const places = new Map(shown.map((series, index) => [series, index]));
    const stacked = options.stack === "none" ? null : stackLayers(
      shown.map(({ times, values }) => ({ times, values })),
      options.stack,
      (data.step ?? 0) / 2,
    );
    this.drawn = data.series.map((series, index) => {
      const at = places.get(series) ?? -1;
      const layer = at >= 0 ? stacked?.[at] : null;
      return {
        series, color: colors[index], style: { ...options.style, ...series.style }, shown: at >= 0,
        times: layer?.times ?? series.times, values: layer?.values ?? series.values, base: layer?.base ?? null,
      };
    });
    this.points = shown.reduce((sum, series) => sum + series.times.length, 0);
    this.autoFill = options.stack === "none" ? (shown.length <= 4 ? 0.1 : 0) : 0.6;
  }

  #showLegend() {
    const { legend, calcs, unit, decimals } = this.options;
    this.#placeLegend();
    this.legendElement.hidden = legend === "none" || !this.drawn.length;
    if (this.legendElement.hidden) return;
    this.legend.show(
      this.drawn.map(({ series, color, shown }) => ({
        name: series.name, color, values: series.values, unit: series.unit, shown,
        detail: series.labels ? labelText(series) : series.name,
      })),
      { kind: legend === "table" ? "table" : "list", calcs, unit, decimals },
    );
  }

  /** Beside the plot only where there is room for both. */
  #placeLegend() {
    const placement = this.options.legendPlacement === "right" && this.root.clientWidth >= 520 ? "right" : "bottom";
    if (this.root.dataset.legend !== placement) this.root.dataset.legend = placement;
  }

  #shownChanged(name, shown) {
    this.#prepare();
    this.#showLegend();
    this.plot.setAttribute("aria-label", this.summary());
    this.paintSoon();
    this.options.onToggle?.(name, shown);
  }

  #isOnlyShown(index) {
    return this.drawn.every((drawn, at) => drawn.shown === (at === index));
  }

  /** @param {CanvasRenderingContext2D} context @param {Drawn} drawn @param {Drawn[]} bars those that share a slot @param {number} [widen] pixels the line is wider by */
  #paintSeries(context, drawn, bars, widen = 0) {
    const { view } = this;
    const { style } = drawn;
    const color = inkOf(this.ink, drawn.color);
    if (style.draw === "bars") {
      const step = this.data.step ?? shortestStep(drawn.times);
      const room = Math.max(1, (step / (view.to - view.from)) * view.width);
      const slot = room < 5 ? room : room * 0.8;
      const beside = this.options.stack === "none" && slot / bars.length >= 2 ? bars.length : 1;
      drawBars(context, drawn.times, drawn.values, drawn.base, view,
        {
          color, width: slot / beside,
          shift: beside > 1 ? (bars.indexOf(drawn) - (beside - 1) / 2) * (slot / beside) : 0,
          opacity: style.fill ?? 0.85,
        },
      );
      return;
    }
    const bridge = style.connect === true ? Infinity : Number(style.connect || 0);
    const line = trace(drawn.times, drawn.values, view, 0, bridge);
    const interpolation = style.interpolation ?? "linear";
    const fillShare = style.draw === "points" ? 0 : style.fill ?? this.autoFill;
    if (fillShare > 0) {
      const below = drawn.base ? trace(drawn.times, drawn.base, view, 1, bridge) : null;
      const axisY = Math.min(view.top + view.height, Math.max(view.top, view.log ? view.top + view.height : yOf(view, 0)));
      fillArea(context, line, below, axisY, below ? translucent(color, fillShare) : fading(context, line, axisY, color, fillShare), interpolation);
    }
    const width = lineWidthFor(style.lineWidth ?? (drawn.base ? 1 : 1.5), widen ? 0 : this.points, view.ratio) + widen;
    if (style.draw !== "points" && width > 0) strokeLine(context, line, { color, width, interpolation, dash: style.dash, span: view.width });
    const few = (this.data.step ? (this.data.step / (view.to - view.from)) * view.width : view.width / Math.max(1, line.length)) >= POINT_PIXELS;
    const marked = style.points === "always" || (style.points !== "never" && few && !drawn.base);
    if (marked || style.draw === "points") drawPoints(context, line, color, 2.5);
  }

  #say(content, kind = "") {
    this.note.hidden = content === null;
    this.note.className = `chart-note ${kind}`;
    fill(this.note, content);
  }

  #join() {
    if (!this.options.group) return;
    if (!groups.has(this.options.group)) groups.set(this.options.group, new Set());
    groups.get(this.options.group).add(this);
  }

  #leave() {
    groups.get(this.options.group)?.delete(this);
  }

  #listen() {
    const { signal } = this.stops;
    const select = (from, to) => (this.selection = { from: this.#clampX(from), to: this.#clampX(to) });
    listenToPointer(this.plot, signal, {
      begins: (x) => this.view !== null && x >= this.view.left - 4,
      hover: (x, y) => this.view && this.#hover(x, y),
      leave: () => this.#unhover(),
      click: (x, y) => this.#pin(x, y),
      selecting: (from, to) => {
        select(from, to);
        hideTip();
      },
      selected: (from, to) => {
        const chosen = select(from, to);
        this.selection = null;
        this.#zoomTo(timeAt(this.view, chosen.from), timeAt(this.view, chosen.to));
        this.#unhover();
      },
      moving: (by) => (this.base.style.translate = `${by}px 0`),
      moved: (by) => {
        this.base.style.translate = "";
        const shift = (-by / this.view.width) * (this.view.to - this.view.from);
        (this.options.onPan ?? this.options.onZoom)?.(this.view.from + shift, this.view.to + shift);
        this.#unhover();
      },
      givenUp: () => {
        this.base.style.translate = "";
        this.selection = null;
        this.paintOverlaySoon();
      },
      doubleClick: () => {
        hideTip();
        this.options.onZoomBack?.();
      },
    });
    this.plot.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.plot.addEventListener("blur", () => {
      if (!isPinned()) this.#unhover();
    }, { signal });
  }

  /** Left and right walk along the points (with Ctrl ten at once), with Shift they select; Enter zooms or pins; up and down change the series. */
  #key(event) {
    if (!this.view) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) {
      const times = this.drawn.find((drawn) => drawn.shown)?.times;
      if (!times?.length) return;
      const at = this.cursor ? nearestIndex(times, this.cursor.time) : step > 0 ? -1 : times.length;
      const next = Math.max(0, Math.min(times.length - 1, at + step * (event.ctrlKey || event.metaKey ? 10 : 1)));
      const x = this.#clampX(xOf(this.view, times[next]));
      if (event.shiftKey) this.selection = {
        from: this.selection?.from ?? this.#clampX(xOf(this.view, times[Math.max(0, Math.min(times.length - 1, at))])),
        to: x,
      };
      else this.selection = null;
      this.#hover(x, this.near?.[0]?.y ?? this.view.top + this.view.height / 2);
      const said = (this.near ?? []).slice(0, 3).map(({ drawn, index }) => `${drawn.series.name} ${this.#text(drawn, index)}`);
      this.spoken.textContent = [dateTime(this.cursor?.time ?? times[next]), said.join(", ")].filter(Boolean).join(": ");
    } else if ((event.key === "ArrowUp" || event.key === "ArrowDown") && this.near?.length) {
      const sorted = this.near.toSorted((a, b) => a.y - b.y);
      const at = sorted.indexOf(this.near[0]);
      const next = sorted[Math.max(0, Math.min(sorted.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)))];
      this.#hover(xOf(this.view, this.cursor.time), next.y);
    } else if (event.key === "Enter" && this.selection) {
      const { from, to } = this.selection;
      this.selection = null;
      if (Math.abs(to - from) > 1) this.#zoomTo(timeAt(this.view, from), timeAt(this.view, to));
    } else if (event.key === "Enter" && this.cursor) this.#pin(xOf(this.view, this.cursor.time), this.near?.[0]?.y ?? this.view.top);
    else if (event.key === "Backspace") this.options.onZoomBack?.();
    else if (event.key === "Escape" && (this.cursor || this.selection)) {
      this.selection = null;
      this.#unhover();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #zoomTo(a, b) {
    hideTip();
    this.options.onZoom?.(Math.min(a, b), Math.max(a, b));
  }

  #clampX(x) {
    return Math.max(this.view.left, Math.min(x, this.view.left + this.view.width));
  }

  #hover(x, y) {
    const { view } = this;
    if (x < view.left - 6 || x > view.left + view.width + 6) return this.#unhover();
    this.pointer = { x, y };
    this.#pointAt(timeAt(view, this.#clampX(x)), y);
    for (const other of groups.get(this.options.group) ?? []) if (other !== this) other.#pointAt(this.cursor.time, null);
    if (!this.selection) this.#showTip(x, y);
  }

  /** Puts the crosshair at the data's nearest moment; `y` null when another chart of the group is under the pointer. */
  #pointAt(time, y) {
    if (!this.view) return;
    this.near = this.#nearest(time, y);
    const nearest = this.near[0];
    this.cursor = { time: nearest && y !== null ? nearest.drawn.times[nearest.index] : time, y };
    this.paintOverlaySoon();
  }

  #unhover() {
    for (const chart of new Set([this, ...(groups.get(this.options.group) ?? [])])) {
      chart.cursor = null;
      chart.pointer = null;
      chart.near = [];
      chart.paintOverlaySoon();
    }
    hideTip();
  }

  /** The points of the shown series at a moment, nearest to `y` first. @returns {Near[]} */
  #nearest(time, y) {
    const found = [];
    const reach = Math.max(this.view.gap === Infinity ? 0 : this.view.gap, ((this.view.to - this.view.from) / this.view.width) * 12);
    for (const drawn of this.drawn) {
      if (!drawn.shown) continue;
      const index = nearestIndex(drawn.times, time);
      if (index < 0 || Math.abs(drawn.times[index] - time) > reach) continue;
      const value = drawn.values[index];
      if (value - value !== 0) continue;
      const pixel = yOf(this.view, value);
      const foot = drawn.base ? yOf(this.view, drawn.base[index]) : pixel;
      found.push({
        drawn, index, y: pixel,
        distance: y === null ? 0 : y > Math.min(pixel, foot) && y < Math.max(pixel, foot) ? 0 : Math.min(Math.abs(pixel - y), Math.abs(foot - y)),
      });
    }
    if (y !== null) found.sort((a, b) => a.distance - b.distance);
    return found;
  }

  #text(drawn, index) {
    const raw = drawn.base ? drawn.values[index] - drawn.base[index] : drawn.values[index];
    if (this.options.stack !== "percent") return format(raw, drawn.series.unit ?? this.options.unit, this.options.decimals);
    const own = drawn.series.values[nearestIndex(drawn.series.times, drawn.times[index])];
    return `${format(own, drawn.series.unit ?? this.options.unit, this.options.decimals)} (${format(raw, "percent")})`;
  }

  #showTip(x, y) {
    if (this.options.tooltip === "none" || !this.near) return;
    const near = this.options.tooltip === "single" ? this.near.slice(0, 1) : this.near.slice(0, TIP_ROWS);
    const valueOf = ({ drawn, index }) => drawn.values[index] - (drawn.base?.[index] ?? 0);
    const rows = this.options.tooltipSort === "value" ? near.toSorted((a, b) => valueOf(b) - valueOf(a)) : near;
    const box = this.plot.getBoundingClientRect();
    const pixel = (this.view.to - this.view.from) / this.view.width;
    const { time } = this.cursor;
    const touched = (note) => time >= note.time - 5 * pixel && time <= (note.timeEnd ?? note.time) + 5 * pixel;
    const notes = (this.data.annotations ?? []).filter(touched).map((note) => note.text);
    if (!rows.length && !notes.length) return hideTip();
    showTip({
      x: box.left + x, y: box.top + y, head: dateTime(this.cursor.time,
        { millis: this.view.to - this.view.from < 10_000 },
      ), detail: relativeTime(this.cursor.time), notes,
      rows: rows.map(({ drawn, index }) => ({
        color: drawn.color, name: drawn.series.name, value: this.#text(drawn, index),
        strong: near.length > 1 && drawn === this.near[0].drawn,
      })),
      more: this.options.tooltip === "single" ? 0 : this.near.length - near.length,
    });
  }

  #pin(x, y) {
    if (isPinned() || !this.view) return;
    this.#hover(x, y);
    const nearest = this.near?.[0];
    if (!nearest) return;
    const half = (this.data.step ?? (this.view.to - this.view.from) / 50) / 2;
    const time = nearest.drawn.times[nearest.index];
    const point = {
      time, value: nearest.drawn.series.values[nearestIndex(nearest.drawn.series.times, time)],
      series: nearest.drawn.series, from: time - half, to: time + half,
    };
    pinTip(this.options.pinActions?.(point) ?? [], () => this.#unhover());
  }
}

/** A canvas fitted to its box, cleared, in CSS pixels. */
function sized(canvas, width, height, ratio) {
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** `share` of a colour at the line's highest point, nothing at the axis. */
function fading(context, { ys, length }, axisY, color, share) {
  let top = axisY;
  let bottom = axisY;
  for (let index = 0; index < length; index++) {
    if (ys[index] < top) top = ys[index];
    if (ys[index] > bottom) bottom = ys[index];
  }
  if (top === bottom) return translucent(color, share);
  const gradient = context.createLinearGradient(0, top, 0, bottom);
  gradient.addColorStop(0, translucent(color, top < axisY ? share : 0));
  if (top < axisY && bottom > axisY) gradient.addColorStop((axisY - top) / (bottom - top), translucent(color, 0));
  gradient.addColorStop(1, translucent(color, bottom > axisY ? share : 0));
  return gradient;
}

/** Never quite zero: gradients are mixed without premultiplying, and "transparent" is black. */
const translucent = (color, share) => `color-mix(in srgb, ${color} ${Math.max(0.01, share * 100)}%, transparent)`;

function shortestStep(times) {
  let shortest = Infinity;
  for (let index = 1; index < times.length; index++) shortest = Math.min(shortest, times[index] - times[index - 1]);
  return shortest === Infinity ? 1000 : shortest;
}

function labelText({ name, labels }) {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  return pairs.length ? pairs.join("\n") : name;
}
