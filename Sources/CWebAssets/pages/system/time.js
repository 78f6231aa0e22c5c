// The time range of a page: relative ("now-1h" … "now") or absolute, kept in the URL as Grafana writes it (`from`, `to`, `refresh`),
// with the refresh timer and the way back from a zoom. Everything in the viewer's own zone; milliseconds since 1970 throughout.

import { parseDuration, dateTime, prometheusDuration } from "./format.js";
import { params, setParams, onNavigate } from "./url.js";

/** @typedef {{from: number, to: number}} Range milliseconds */
/** @typedef {"range"|"tick"|"refresh"|"interval"} TimeReason why: another range, the timer, the refresh button, or only another refresh interval */

/** The ranges a person picks from. @type {[from: string, to: string, label: string][]} */
export const QUICK_RANGES = [
  ["now-5m", "now", "Last 5 minutes"], ["now-15m", "now", "Last 15 minutes"], ["now-30m", "now", "Last 30 minutes"], ["now-1h", "now", "Last hour"],
  ["now-3h", "now", "Last 3 hours"], ["now-6h", "now", "Last 6 hours"], ["now-12h", "now", "Last 12 hours"], ["now-24h", "now", "Last 24 hours"],
  ["now-2d", "now", "Last 2 days"], ["now-7d", "now", "Last 7 days"], ["now-30d", "now", "Last 30 days"], ["now-90d", "now", "Last 90 days"],
  ["now/d", "now/d", "Today"], ["now-1d/d", "now-1d/d", "Yesterday"], ["now/w", "now/w", "This week"],
];

/** The refresh intervals a person picks from; "" is off. */
export const REFRESH_INTERVALS = ["", "1s", "5s", "10s", "30s", "1m", "5m", "15m", "30m", "1h"];

/**
 * A moment in words to milliseconds: "now", "now-1h", "now-1d/d", milliseconds, Unix seconds, ISO 8601, or "2026-11-22 17:04[:05]" in
 * the viewer's zone. `roundUp` makes "/d" the end of the day instead of its start. NaN when it is none of these.
 * @param {string|number} text @param {{now?: number, roundUp?: boolean}} [how]
 */
export function parseTime(text, { now = Date.now(), roundUp = false } = {}) {
  if (typeof text === "number") return text;
  const words = text.trim();
  if (/^\d{9,10}(\.\d+)?$/.test(words)) return Number(words) * 1000;
  if (/^\d{11,}$/.test(words)) return Number(words);
  if (words.startsWith("now")) return relativeMoment(words.slice(3), now, roundUp);
  const local = /^(\d{4})-(\d\d?)-(\d\d?)(?:[ T](\d\d?):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?$/.exec(words);
  if (local) {
    const [year, month, day, hour, minute, second] = local.slice(1).map((part) => Number(part ?? 0));
    const millis = new Date(year, month - 1, day, hour, minute, second).getTime();
    return local[4] === undefined && roundUp ? new Date(year, month - 1, day + 1).getTime() - 1 : millis;
  }
  return /^\d{4}-\d\d-\d\dT/.test(words) ? Date.parse(words) : NaN;
}

function relativeMoment(tail, now, roundUp) {
  let date = new Date(now);
  let rest = tail;
  while (rest) {
    const step = /^([+-])(\d+)([smhdwMyQ])|^\/([smhdwMyQ])/.exec(rest);
    if (!step) return NaN;
    if (step[4]) date = startOf(date, step[4], roundUp);
    else date = moved(date, (step[1] === "-" ? -1 : 1) * Number(step[2]), step[3]);
    rest = rest.slice(step[0].length);
  }
  return date.getTime();
}

function moved(date, count, unit) {
  const next = new Date(date);
  if (unit === "M" || unit === "Q") next.setMonth(next.getMonth() + count * (unit === "Q" ? 3 : 1));
  else if (unit === "y") next.setFullYear(next.getFullYear() + count);
  else if (unit === "d" || unit === "w") next.setDate(next.getDate() + count * (unit === "w" ? 7 : 1));
  else next.setTime(next.getTime() + count * { s: 1e3, m: 6e4, h: 36e5 }[unit]);
  return next;
}

function startOf(date, unit, roundUp) {
  const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()];
  const start = {
    s: () => new Date(Math.floor(date.getTime() / 1e3) * 1e3), m: () => new Date(Math.floor(date.getTime() / 6e4) * 6e4),
    h: () => new Date(year, month, day, date.getHours()), d: () => new Date(year, month, day), w: () => new Date(year, month,
      day - ((date.getDay() + 6) % 7),
    ),
    M: () => new Date(year, month), Q: () => new Date(year, month - (month % 3)), y: () => new Date(year, 0),
  }[unit]();
  return roundUp ? new Date(moved(start, 1, unit).getTime() - 1) : start;
}

/** The range a page shows, its refresh timer, and who wants to know. */
export class TimeState {
  /**
   * Reads the URL, then the defaults. With `url: false` the URL is neither read nor written (a preview, a test).
   * @param {{from?: string, to?: string, refresh?: string, url?: boolean}} [defaults]
   */
  constructor({ from = "now-1h", to = "now", refresh = "", url = true } = {}) {
    this.defaults = { from, to, refresh };
    this.inURL = url;
    /** As written: "now-1h", or milliseconds as text. */
    this.from = from;
    this.to = to;
    /** "" is off, otherwise a duration such as "5s". */
    this.refresh = refresh;
    /** @type {Set<(change: {reason: TimeReason}) => void>} */
    this.listeners = new Set();
    /** @type {{from: string, to: string}[]} ranges left by a zoom */
    this.left = [];
    this.timer = 0;
    this.lastTick = Date.now();
    if (url) {
      this.#read();
      onNavigate(() => {
        const before = `${this.from}|${this.to}|${this.refresh}`;
        this.#read();
        this.#schedule();
        if (before !== `${this.from}|${this.to}|${this.refresh}`) this.#tell("range");
      });
    }
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.refresh && Date.now() - this.lastTick >= parseDuration(this.refresh) * 1000) this.#tick();
      this.#schedule();
    });
    this.#schedule();
  }

  /** The range in milliseconds, resolved at `now`. @param {number} [now] @returns {Range} */
  range(now = Date.now()) {
    const from = parseTime(this.from, { now });
    const to = parseTime(this.to, { now, roundUp: true });
    return from < to ? { from, to } : { from: to - 1000, to };
  }

  /** Whether the range ends now, so that a refresh moves it. */
  get isLive() {
    return String(this.to).startsWith("now");
  }

  /** The range in words: "Last hour", or "2026-11-22 16:00 → 17:00". */
  get label() {
    const quick = QUICK_RANGES.find(([from, to]) => from === this.from && to === this.to);
    if (quick) return quick[2];
    const relative = /^now-(\w+)$/.exec(this.from);
    if (relative && this.to === "now") return `Last ${relative[1]}`;
    const { from, to } = this.range();
    const whole = from % 60000 === 0 && to % 60000 === 0;
    const [start, end] = [dateTime(from, { seconds: !whole }), dateTime(to, { seconds: !whole })];
    return `${start} → ${start.slice(0, 10) === end.slice(0, 10) ? end.slice(11) : end}`;
  }

  /** The same for narrow places: "1h". */
  get shortLabel() {
    const relative = /^now-(\w+)$/.exec(this.from);
    if (relative && this.to === "now") return relative[1];
    const { from, to } = this.range();
    return QUICK_RANGES.find(([start, end]) => start === this.from && end === this.to)?.[2] ?? prometheusDuration(Math.max(1, (to - from) / 1000));
  }

  /** Shows another range; numbers are milliseconds. A history entry, so that Back returns. @param {string|number} from @param {string|number} to */
  set(from, to) {
    const next = { from: String(typeof from === "number" ? Math.round(from) : from), to: String(typeof to === "number" ? Math.round(to) : to) };
    if (next.from === this.from && next.to === this.to) return;
    Object.assign(this, next);
    this.#write(false);
    this.#tell("range");
  }

  /** Narrows to a part of the chart and remembers the way back. @param {number} from @param {number} to */
  zoom(from, to) {
    this.left.push({ from: this.from, to: this.to });
    this.set(from, to);
  }

  /** Back from the last zoom; with none, twice as wide. */
  zoomBack() {
    const before = this.left.pop();
    if (before) this.set(before.from, before.to);
    else this.zoomOut();
  }

  /** Twice as wide around the middle. */
  zoomOut() {
    const { from, to } = this.range();
    const half = (to - from) / 2;
    this.set(from - half, Math.min(to + half, Math.max(to, Date.now())));
  }

  /** Half a range earlier (−1) or later (+1). @param {-1|1} direction */
  shift(direction) {
    const { from, to } = this.range();
    const half = ((to - from) / 2) * direction;
    this.set(from + half, to + half);
  }

  /** @param {string} interval "" for off, or a duration */
  setRefresh(interval) {
    this.refresh = interval;
    this.#write(true);
    this.#schedule();
    this.#tell("interval");
  }

  /** Asks every listener to load again, now. */
  reload() {
    this.lastTick = Date.now();
    this.#schedule();
    this.#tell("refresh");
  }

  /** @param {(change: {reason: TimeReason}) => void} run @returns {() => void} stops listening */
  onChange(run) {
    this.listeners.add(run);
    return () => this.listeners.delete(run);
  }

  #read() {
    const query = params();
    const valid = (text, otherwise) => (text && !Number.isNaN(parseTime(text)) ? text : otherwise);
    this.from = valid(query.get("from"), this.defaults.from);
    this.to = valid(query.get("to"), this.defaults.to);
    const refresh = query.get("refresh");
    this.refresh = refresh === null ? this.defaults.refresh : parseDuration(refresh) > 0 ? refresh : "";
  }

  #write(replace) {
    if (!this.inURL) return;
    const refresh = this.refresh === this.defaults.refresh ? null : this.refresh || "off";
    setParams({ from: this.from, to: this.to, refresh }, { replace });
  }

  #schedule() {
    clearInterval(this.timer);
    const every = this.refresh ? Math.max(0.25, parseDuration(this.refresh)) * 1000 : 0;
    if (every && !document.hidden) this.timer = setInterval(() => this.#tick(), every);
  }

  #tick() {
    this.lastTick = Date.now();
    if (this.isLive) this.#tell("tick");
  }

  #tell(reason) {
    for (const listener of this.listeners) listener({ reason });
  }
}
