// Lengths of time as the trace pages write them.

import { duration, format } from "../system/format.js";

/** "1.25 ms", "4.46 s", "10 min 17 s". @param {number} micros */
export const took = (micros) => (micros >= 6e7 ? duration(micros / 1e6) : format(micros, "µs"));

/** Jaeger's duration words ("1.5s", "300ms", "2m", "80us") in microseconds; NaN when it is none. @param {string} text */
export function parseTook(text) {
  const lengths = { ns: 1e-3, us: 1, "µs": 1, ms: 1e3, s: 1e6, m: 6e7, h: 3.6e9 };
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s|m|h)/g)];
  if (!parts.length || parts.map((part) => part[0]).join("") !== text.trim()) return NaN;
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * lengths[unit], 0);
}

/** The shortest such words for a length, rounded to what a person would type. @param {number} micros */
export function tookWords(micros) {
  const [unit, name] = micros >= 1e6 ? [1e6, "s"] : micros >= 1e3 ? [1e3, "ms"] : [1, "us"];
  return `${Number((micros / unit).toPrecision(3))}${name}`;
}
