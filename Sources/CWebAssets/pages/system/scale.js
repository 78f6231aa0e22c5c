// Ticks: round numbers of the unit on the value axis, calendar boundaries of the viewer's zone on the time axis.

import { roundness } from "./format.js";

/** The part of the values' span that is left free above and below them. */
const HEADROOM = 0.05;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * A value axis that holds [low, high] between round ticks, at most `most` of them.
 * @param {number} low @param {number} high @param {{unit?: string, most?: number, min?: number, max?: number}} how min and max fix an end
 * @returns {{min: number, max: number, ticks: number[], step: number}}
 */
export function linearAxis(low, high, { unit, most = 6, min, max }) {
  let [bottom, top] = [min ?? low, max ?? high];
  if (!(bottom < top)) {
    if (min !== undefined) top = bottom + (Math.abs(bottom) || 1);
    else if (max !== undefined) bottom = top - (Math.abs(top) || 1);
    else if (bottom === 0) top = 1;
    else [bottom, top] = bottom > 0 ? [0, bottom * 1.25] : [bottom * 1.25, 0];
  }
  const { base, factor } = roundness(unit, Math.max(Math.abs(bottom), Math.abs(top)));
  const room = (top - bottom) * HEADROOM;
  const [lowest, highest] = [min ?? (bottom === 0 ? 0 : bottom - room), max ?? (top === 0 ? 0 : top + room)];
  let step = roundStep((highest - lowest) / factor / most, base) * factor;
  for (let tries = 0; tries < 12; tries++) {
    const [from, to] = [Math.ceil(lowest / step - 1e-9), Math.floor(highest / step + 1e-9)];
    if (to - from + 1 <= most) {
      const ticks = [];
      for (let index = from; index <= to; index++) ticks.push(index * step);
      // An end that nearly reaches the next tick goes to it.
      const near = (end, tick) => (Math.abs(end - tick) < 0.2 * step ? tick : end);
      const [bottomTick, topTick] = [(from - 1) * step, (to + 1) * step];
      const axis = { min: min ?? near(lowest, bottomTick), max: max ?? near(highest, topTick), ticks, step };
      if (axis.max === topTick && ticks.length < most) ticks.push(topTick);
      if (axis.min === bottomTick && ticks.length < most) ticks.unshift(bottomTick);
      if (ticks.length) return axis;
      break;
    }
    step = roundStep((step / factor) * 1.01, base) * factor;
  }
  return { min: lowest, max: highest, ticks: [lowest, highest], step: highest - lowest };
}

/** A logarithmic axis: whole decades, thinned to `most`. @param {number} low @param {number} high positive @param {number} [most] */
export function logAxis(low, high, most = 6) {
  const [from, to] = [Math.floor(Math.log10(low) + 1e-9), Math.max(Math.ceil(Math.log10(high) - 1e-9), Math.floor(Math.log10(low) + 1e-9) + 1)];
  const every = Math.max(1, Math.ceil((to - from + 1) / most));
  const ticks = [];
  for (let power = from; power <= to; power += every) ticks.push(10 ** power);
  return { min: 10 ** from, max: 10 ** to, ticks, step: ticks[0] };
}

/** The smallest round number ≥ `rough`: 1-2-5, powers of two under 1024, or parts of an hour and a day. */
function roundStep(rough, base) {
  if (base === 60 && rough >= 1) {
    const found = [1, 2, 5, 10, 15, 20, 30, 60, 90, 120].find((step) => step >= rough * (1 - 1e-9));
    if (found) return found;
  }
  if (base === 1024 && rough >= 1) return 2 ** Math.ceil(Math.log2(rough) - 1e-9);
  const power = 10 ** Math.floor(Math.log10(rough) + 1e-12);
  const lead = rough / power;
  return (lead <= 1 + 1e-9 ? 1 : lead <= 2 + 1e-9 ? 2 : lead <= 5 + 1e-9 ? 5 : 10) * power;
}

/** [length in milliseconds, unit, count]: the steps of a calendar axis. @type {[number, "ms"|"s"|"m"|"h"|"d"|"M"|"y", number][]} */
const TIME_STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((count) => [count, "ms", count]),
  ...[1, 2, 5, 10, 15, 30].map((count) => [count * SECOND, "s", count]),
  ...[1, 2, 5, 10, 15, 30].map((count) => [count * MINUTE, "m", count]),
  ...[1, 2, 3, 6, 12].map((count) => [count * HOUR, "h", count]),
  ...[1, 2, 4, 7, 14].map((count) => [count * DAY, "d", count]),
  ...[1, 2, 3, 6].map((count) => [count * 30 * DAY, "M", count]),
  ...[1, 2, 5, 10, 20, 50].map((count) => [count * 365 * DAY, "y", count]),
];

/**
 * Ticks of a time axis, at most `most`, each with its label: a clock time, or the day where one begins.
 * @param {number} from milliseconds @param {number} to @param {number} [most] @returns {{time: number, label: string, strong: boolean}[]}
 */
export function timeTicks(from, to, most = 6) {
  for (const [length, unit, count] of TIME_STEPS) {
    if ((to - from) / length > most) continue;
    const times = boundaries(from, to, unit, count);
    if (times.length <= most) return times.map((time) => ({ time, ...timeLabel(time, unit) }));
  }
  return [];
}

function boundaries(from, to, unit, count) {
  const start = new Date(from);
  const times = [];
  if (unit === "ms" || unit === "s" || unit === "m") {
    const length = count * { ms: 1, s: SECOND, m: MINUTE }[unit];
    const shift = start.getTimezoneOffset() * MINUTE;
    for (let time = Math.ceil((from - shift) / length) * length + shift; time <= to; time += length) times.push(time);
    return times;
  }
  const [year, month, day, hour] = [start.getFullYear(), start.getMonth(), start.getDate(), start.getHours()];
  const dayZero = Math.floor((Date.UTC(year, month, day) / DAY) / count) * count - Date.UTC(year, month, day) / DAY;
  const at = {
    h: (index) => new Date(year, month, day, Math.floor(hour / count) * count + index * count),
    d: (index) => new Date(year, month, day + dayZero + index * count),
    M: (index) => new Date(year, Math.floor(month / count) * count + index * count, 1),
    y: (index) => new Date(Math.floor(year / count) * count + index * count, 0, 1),
  }[unit];
  for (let index = 0; index < 1000; index++) {
    const time = at(index).getTime();
    if (time > to) break;
    if (time >= from && time !== times.at(-1)) times.push(time);
  }
  return times;
}

const DAY_LABEL = new Intl.DateTimeFormat("en", { month: "short", day: "numeric" });
const MONTH_LABEL = new Intl.DateTimeFormat("en", { month: "short" });
const pad = (number) => String(number).padStart(2, "0");

function timeLabel(time, unit) {
  const date = new Date(time);
  const [month, day, hour, minute, second] = [date.getMonth(), date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds()];
  if (unit === "y" || (unit === "M" && month === 0)) return { label: String(date.getFullYear()), strong: true };
  if (unit === "M") return { label: MONTH_LABEL.format(date), strong: false };
  if (unit === "d") return { label: DAY_LABEL.format(date), strong: day === 1 };
  if (hour === 0 && minute === 0 && second === 0 && time % SECOND === 0) return { label: DAY_LABEL.format(date), strong: true };
  const clock = `${pad(hour)}:${pad(minute)}`;
  if (unit === "ms") return { label: `${clock}:${pad(second)}.${String(date.getMilliseconds()).padStart(3, "0")}`, strong: false };
  return { label: unit === "s" ? `${clock}:${pad(second)}` : clock, strong: false };
}
