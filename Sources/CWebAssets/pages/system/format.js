// Numbers, durations and times in words. Units are Grafana's ids ("s", "bytes", "percentunit", "reqps", …); an unknown id is
// written after the number as it stands, "suffix:x" and "prefix:x" place any text.

/**
 * How values of a unit are scaled: by thousands, by 1024, as a length of time, as a moment, or not at all.
 * `per` turns a value into the base unit, `base` names it, `tail` follows the scaled unit.
 * @typedef {{scale: "si"|"binary"|"duration"|"moment"|"plain", base: string, per: number, head?: string, tail?: string, digits?: number}} Unit
 */

const SI = ["", "k", "M", "G", "T", "P", "E"];
const SI_SMALL = ["", "m", "µ", "n", "p"];
const BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

const si = (base, per = 1, tail = "") => ({ scale: "si", base, per, tail });
const binary = (base, per = 1, tail = "") => ({ scale: "binary", base, per, tail });
const seconds = (per) => ({ scale: "duration", base: "s", per });
const rate = (word) => ({ scale: "si", base: "", per: 1, tail: ` ${word}` });
const plain = (tail, per = 1) => ({ scale: "plain", base: "", per, tail });
const moment = () => ({ scale: "moment", base: "", per: 1 });
const money = (sign) => ({ scale: "si", base: "", per: 1, head: sign });

/** @type {Record<string, Unit>} */
const UNITS = {
  none: plain(""), short: si(""), sishort: si(""), locale: plain(""), string: plain(""),
  percent: plain("%"), percentunit: plain("%", 100), humidity: plain(" %H"), dB: plain(" dB"),
  bytes: binary("B"), decbytes: si("B"), kbytes: binary("B", 1024), deckbytes: si("B", 1e3), mbytes: binary("B", 1024 ** 2), decmbytes: si("B", 1e6),
  gbytes: binary("B", 1024 ** 3), decgbytes: si("B", 1e9), bits: binary("b"), decbits: si("b"),
  binBps: binary("B", 1, "/s"), Bps: si("B", 1, "/s"), binbps: binary("b", 1, "/s"), bps: si("b", 1, "/s"),
  KBs: si("B", 1e3, "/s"), KiBs: binary("B", 1024, "/s"), MBs: si("B", 1e6, "/s"), MiBs: binary("B", 1024 ** 2, "/s"),
  Kbits: si("b", 1e3, "/s"), Mbits: si("b", 1e6, "/s"),
  pps: rate("p/s"), ns: seconds(1e-9), "µs": seconds(1e-6), us: seconds(1e-6), ms: seconds(1e-3), s: seconds(1),
  m: seconds(60), h: seconds(3600), d: seconds(86400),
  dtdurations: seconds(1), dtdurationms: seconds(1e-3), clocks: seconds(1), clockms: seconds(1e-3), timeticks: seconds(1e-2),
  dateTimeAsIso: moment(), dateTimeAsUS: moment(), dateTimeAsLocal: moment(), dateTimeFromNow: moment(), dateTimeAsSystem: moment(),
  hertz: si("Hz"), rotrpm: plain(" rpm"), cps: rate("c/s"), ops: rate("ops/s"), reqps: rate("req/s"), rps: rate("reads/s"), wps: rate("writes/s"),
  iops: rate("io/s"), eps: rate("events/s"), mps: rate("msg/s"), recps: rate("rec/s"), rowsps: rate("rows/s"),
  cpm: rate("c/min"), opm: rate("ops/min"),
  reqpm: rate("req/min"), rpm: rate("reads/min"), wpm: rate("writes/min"),
  currencyUSD: money("$"), currencyEUR: money("€"), currencyGBP: money("£"), currencyJPY: money("¥"),
  celsius: plain(" °C"), fahrenheit: plain(" °F"), kelvin: plain(" K"), watt: si("W"), kwatt: si("W", 1e3),
  volt: si("V"), amp: si("A"), joule: si("J"), mwatt: si("W", 1e-3),
  lengthm: si("m"), lengthkm: plain(" km"), bool: plain(""), bool_yes_no: plain(""), bool_on_off: plain(""),
};

const WORDS = { bool: ["False", "True"], bool_yes_no: ["No", "Yes"], bool_on_off: ["Off", "On"] };

/** The unit behind an id. @param {string} [id] @returns {Unit} */
export function unitOf(id) {
  if (!id) return UNITS.short;
  if (UNITS[id]) return UNITS[id];
  const [kind, text] = [id.slice(0, id.indexOf(":")), id.slice(id.indexOf(":") + 1)];
  if (kind === "suffix") return plain(text);
  if (kind === "prefix") return { ...plain(""), head: text };
  if (kind === "si") return si(text);
  if (kind === "time") return moment();
  return plain(` ${id}`);
}

/**
 * A value in words: `format(0.00125, "s")` is "1.25 ms". Without `decimals`, three significant digits.
 * @param {number|null|undefined} value @param {string} [unitID] @param {number|null} [decimals]
 */
export function format(value, unitID, decimals) {
  const { head, number, unit } = formatParts(value, unitID, decimals);
  return head + number + spaced(unit);
}

/**
 * The same in parts, for big numbers with a small unit. @returns {{head: string, number: string, unit: string}}
 * @param {number|null|undefined} value @param {string} [unitID] @param {number|null} [decimals]
 */
export function formatParts(value, unitID, decimals) {
  if (value === null || value === undefined || Number.isNaN(value)) return { head: "", number: "–", unit: "" };
  const words = WORDS[unitID];
  if (words) return { head: "", number: words[value ? 1 : 0], unit: "" };
  const unit = unitOf(unitID);
  if (!Number.isFinite(value)) return { head: "", number: value > 0 ? "+∞" : "−∞", unit: unit.scale === "plain" ? unit.tail ?? "" : unit.base };
  if (unit.scale === "moment") return { head: "", number: unitID === "dateTimeFromNow" ? relativeTime(value) : dateTime(value), unit: "" };
  const [factor, name] = scaleFor(Math.abs(value * unit.per), unit);
  return { head: unit.head ?? "", number: digits((value * unit.per) / factor, decimals, unitID === "locale"), unit: name };
}

/**
 * A formatter for the ticks of one axis: all of them in the same scale and with the same decimals.
 * @param {string|undefined} unitID @param {number} greatest largest absolute tick @param {number} step between ticks @param {number|null} [decimals]
 * @returns {(value: number) => string}
 */
export function axisFormatter(unitID, greatest, step, decimals) {
  const unit = unitOf(unitID);
  if (unit.scale === "moment" || WORDS[unitID]) return (value) => format(value, unitID);
  const [factor, name] = scaleFor(Math.abs(greatest * unit.per), unit);
  const scaled = Math.abs((step * unit.per) / factor);
  let places = decimals ?? 0;
  if (decimals === null || decimals === undefined) {
    while (places < 9 && Math.abs(Math.round(scaled * 10 ** places) - scaled * 10 ** places) > 1e-6 * 10 ** places * scaled) places++;
  }
  const tail = spaced(name);
  return (value) => {
    const number = (value * unit.per) / factor;
    if (number === 0) return `${unit.head ?? ""}0${unit.scale === "plain" ? tail : ""}`;
    return (unit.head ?? "") + withSeparators(minus(number.toFixed(places))) + tail;
  };
}

/**
 * What "round" means for ticks of a unit: `base` 1024 for bytes, 60 for minutes and hours, 10 otherwise, and the factor that
 * turns a value into the unit the roundness is of.
 * @param {string|undefined} unitID @param {number} greatest
 */
export function roundness(unitID, greatest) {
  const unit = unitOf(unitID);
  const size = Math.abs(greatest * unit.per);
  if (unit.scale === "binary" && size >= 1024) return { base: 1024, factor: scaleFor(size, unit)[0] / unit.per };
  if (unit.scale === "duration" && size >= 60) return { base: 60, factor: scaleFor(size, unit)[0] / unit.per };
  return { base: 10, factor: 1 / unit.per };
}

/** Seconds in words with at most two parts: "2 h 5 min", "350 ms". @param {number} value seconds */
export function duration(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size < 60) return format(value, "s");
  const parts = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  let rest = Math.round(size);
  const words = [];
  for (const [name, length] of parts) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count || words.length) words.push(count ? `${count} ${name}` : "");
    if (words.length === 2) break;
  }
  return (value < 0 ? "−" : "") + words.filter(Boolean).join(" ");
}

/** Parses Prometheus durations ("1h30m", "15s", "500ms", "90") to seconds; NaN when it is none. @param {string} text */
export function parseDuration(text) {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed);
  const lengths = { y: 31536000, w: 604800, d: 86400, h: 3600, m: 60, s: 1, ms: 0.001 };
  if (!/^(\d+(y|w|d|h|ms|m|s))+$/.test(trimmed)) return NaN;
  let total = 0;
  for (const [, count, name] of trimmed.matchAll(/(\d+)(y|w|d|h|ms|m|s)/g)) total += Number(count) * lengths[name];
  return total;
}

/** Seconds as a Prometheus duration: 90 → "1m30s". @param {number} value */
export function prometheusDuration(value) {
  if (value < 1) return `${Math.round(value * 1000)}ms`;
  let rest = Math.round(value);
  let text = "";
  for (const [name, length] of [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]]) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count) text += count + name;
  }
  return text || "0s";
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const pad = (number, width = 2) => String(number).padStart(width, "0");

/** "2026-11-22 17:04:05" in the viewer's zone. @param {number} millis @param {{millis?: boolean, seconds?: boolean}} [show] */
export function dateTime(millis, show = {}) {
  const date = new Date(millis);
  if (Number.isNaN(date.getTime())) return "–";
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}`;
  return `${day} ${time}${show.seconds === false ? "" : `:${pad(date.getSeconds())}`}${show.millis ? `.${pad(date.getMilliseconds(), 3)}` : ""}`;
}

/** "17:04:05". @param {number} millis */
export const clockTime = (millis) => CLOCK.format(millis);

/** "3 min ago", "in 2 h", "now". @param {number} millis @param {number} [now] */
export function relativeTime(millis, now = Date.now()) {
  const ago = (now - millis) / 1000;
  const size = Math.abs(ago);
  if (!Number.isFinite(size)) return "–";
  if (size < 1) return "now";
  const [name, length] = [["y", 31536000], ["d", 86400], ["h", 3600], ["min", 60], ["s", 1]].find(([, seconds]) => size >= seconds);
  const words = `${Math.floor(size / length)} ${name}`;
  return ago > 0 ? `${words} ago` : `in ${words}`;
}

/** "1 series", "3 series", "2 targets". @param {number} number @param {string} one @param {string} [many] */
export const count = (number, one, many = `${one}s`) => `${withSeparators(String(number))} ${number === 1 ? one : many}`;

/** Thin spaces between thousands: "12 345". @param {string|number} text */
export function withSeparators(text) {
  const [whole, fraction] = String(text).split(".");
  const grouped = whole.replace(/[^\d]/g, "").length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole;
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** [factor, name]: what a value of this size is divided by, and what the quotient is called. */
function scaleFor(size, unit) {
  const tail = unit.tail ?? "";
  if (unit.scale === "plain") return [1, tail];
  if (unit.scale === "duration") {
    if (size >= 2 * 86400) return [86400, "d"];
    if (size >= 2 * 3600) return [3600, "h"];
    if (size >= 120) return [60, "min"];
    if (size >= 1 || size === 0) return [1, "s"];
    if (size >= 1e-3) return [1e-3, "ms"];
    if (size >= 1e-6) return [1e-6, "µs"];
    return [1e-9, "ns"];
  }
  const step = unit.scale === "binary" ? 1024 : 1000;
  const names = unit.scale === "binary" ? BINARY : SI;
  if (size >= step) {
    const power = Math.min(names.length - 1, Math.floor(Math.log(size * (1 + 1e-12)) / Math.log(step)));
    return [step ** power, joined(names[power], unit.base, tail)];
  }
  if (unit.scale === "si" && unit.base && size > 0 && size < 1) {
    const power = Math.min(SI_SMALL.length - 1, Math.ceil(-Math.log10(size) / 3 - 1e-9));
    return [1000 ** -power, joined(SI_SMALL[power], unit.base, tail)];
  }
  return [1, joined("", unit.base, tail)];
}

/** A unit as it follows a number: "ms" after a space, "%" and bare prefixes ("k", "k req/s") without. */
const spaced = (name) => (!name || /^[%\s/°]/.test(name) || /^[kMGTPE]( |$)/.test(name) ? name : ` ${name}`);

const joined = (prefix, base, tail) => (prefix || base ? prefix + base + tail : tail);

/** A number with `decimals`, or three significant digits and no trailing zeros. */
function digits(number, decimals, whole) {
  if (decimals !== null && decimals !== undefined) return withSeparators(minus(number.toFixed(Math.min(20, Math.max(0, decimals)))));
  const size = Math.abs(number);
  if (size === 0) return "0";
  if (whole || size >= 1000) return size >= 1e15 ? minus(number.toExponential(2)) : withSeparators(minus(number.toFixed(0)));
  if (size < 1e-4) return minus(number.toExponential(2));
  const places = size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 3 + Math.floor(-Math.log10(size)) + 1;
  const text = number.toFixed(Math.max(0, places - 1));
  return minus(text.includes(".") ? text.replace(/\.?0+$/, "") : text);
}

const minus = (text) => text.replace(/^-/, "−");
