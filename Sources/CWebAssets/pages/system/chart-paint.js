// Drawing series on a canvas. Every series becomes a polyline in pixels first (`trace`), bounded by the width of the plot: where points are
// denser than columns, a column keeps its first, lowest, highest and last point. Scratch space is kept between paints.

import { firstIndexFrom } from "./series.js";

/**
 * The plot's place and scales, in CSS pixels.
 * @typedef {object} View
 * @property {number} left @property {number} top @property {number} width @property {number} height
 * @property {number} from @property {number} to milliseconds at the left and right edge
 * @property {number} min @property {number} max values at the bottom and the top
 * @property {boolean} log
 * @property {number} ratio device pixels per CSS pixel
 * @property {number} gap a distance in milliseconds from which neighbours are not joined
 */

/** A polyline in pixels; NaN in `xs` lifts the pen. @typedef {{xs: Float32Array, ys: Float32Array, length: number}} Trace */

const scratch = [0, 1].map(() => ({ xs: new Float32Array(4096), ys: new Float32Array(4096), length: 0 }));

/** Where a moment stands. @param {View} view @param {number} time */
export const xOf = (view, time) => view.left + ((time - view.from) / (view.to - view.from)) * view.width;

/** Where a value stands. @param {View} view @param {number} value */
export function yOf(view, value) {
  const share = view.log ? Math.log(value / view.min) / Math.log(view.max / view.min) : (value - view.min) / (view.max - view.min);
  return view.top + view.height * (1 - share);
}

/** The moment under a pixel. @param {View} view @param {number} x */
export const timeAt = (view, x) => view.from + ((x - view.left) / view.width) * (view.to - view.from);

/**
 * A column of values as a polyline. `slot` 0 or 1 says which scratch space to use (an area needs two at once); the trace is valid until the
 * slot's next use.
 * @param {Float64Array} times @param {Float64Array} values @param {View} view @param {0|1} slot @param {number} bridge gaps up to so many milliseconds are drawn across
 * @returns {Trace}
 */
export function trace(times, values, view, slot, bridge) {
  const start = Math.max(0, firstIndexFrom(times, view.from) - 1);
  const end = Math.min(times.length, firstIndexFrom(times, view.to) + 1);
  const out = scratch[slot];
  out.length = 0;
  if (end <= start) return out;
  const scaleX = view.width / (view.to - view.from);
  const scaleY = view.height / (view.max - view.min);
  const logScale = view.log ? view.height / Math.log(view.max / view.min) : 0;
  const bottom = view.top + view.height;
  const columns = view.width * view.ratio;
  const dense = end - start > columns * 2.5;
  grow(out, dense ? Math.ceil(columns + 4) * 6 : (end - start) * 2 + 2);
  const { xs, ys } = out;
  let length = 0;
  let lastTime = NaN;
  let column = -1;
  let [lowY, highY, lastY, columnX] = [0, 0, 0, 0];
  const flush = () => {
    if (column < 0) return;
    if (highY < ys[length - 1]) {
      xs[length] = columnX;
      ys[length++] = highY;
    }
    if (lowY > ys[length - 1]) {
      xs[length] = columnX;
      ys[length++] = lowY;
    }
    if (lastY !== ys[length - 1]) {
      xs[length] = columnX;
      ys[length++] = lastY;
    }
    column = -1;
  };
  for (let index = start; index < end; index++) {
    const value = values[index];
    const time = times[index];
    if (value - value !== 0 || (view.log && value <= 0)) continue;
    const x = view.left + (time - view.from) * scaleX;
    const y = view.log ? bottom - Math.log(value / view.min) * logScale : bottom - (value - view.min) * scaleY;
    const broken = lastTime === lastTime && ((time - lastTime > view.gap) || hasHole(values, index)) && time - lastTime > bridge;
    lastTime = time;
    if (broken) {
      flush();
      xs[length] = NaN;
      ys[length++] = NaN;
    }
    if (!dense) {
      xs[length] = x;
      ys[length++] = y;
      continue;
    }
    const here = Math.floor(x * view.ratio);
    if (here !== column) {
      flush();
      column = here;
      columnX = x;
      lowY = highY = lastY = y;
      xs[length] = x;
      ys[length++] = y;
    } else {
      if (y > lowY) lowY = y;
      if (y < highY) highY = y;
      lastY = y;
    }
  }
  flush();
  out.length = length;
  return out;
}

const hasHole = (values, index) => index > 0 && values[index - 1] - values[index - 1] !== 0;

function grow(out, size) {
  if (out.xs.length >= size) return;
  const length = 2 ** Math.ceil(Math.log2(size));
  out.xs = new Float32Array(length);
  out.ys = new Float32Array(length);
}

/** Adds a trace to the current path. @param {CanvasRenderingContext2D} context @param {Trace} line @param {string} interpolation @param {number} [from] @param {number} [to] */
export function pathOf(context, { xs, ys, length }, interpolation, from = 0, to = length) {
  let up = true;
  for (let index = from; index < to; index++) {
    const [x, y] = [xs[index], ys[index]];
    if (x !== x) up = true;
    else if (up) {
      context.moveTo(x, y);
      up = false;
    } else if (interpolation === "stepAfter") {
      context.lineTo(x, ys[index - 1]);
      context.lineTo(x, y);
    } else if (interpolation === "stepBefore") {
      context.lineTo(xs[index - 1], y);
      context.lineTo(x, y);
    } else if (interpolation === "smooth") curveTo(context, xs, ys, index, length);
    else context.lineTo(x, y);
  }
}

/** A cubic that never overshoots (Fritsch and Carlson's monotone tangents) from the point before to this one. */
function curveTo(context, xs, ys, index, length) {
  const [x0, y0, x1, y1] = [xs[index - 1], ys[index - 1], xs[index], ys[index]];
  const third = (x1 - x0) / 3;
  context.bezierCurveTo(x0 + third, y0 + third * slopeAt(xs, ys, index - 1, length), x1 - third, y1 - third * slopeAt(xs, ys, index, length), x1, y1);
}

function slopeAt(xs, ys, index, length) {
  const [hasBefore, hasAfter] = [index > 0 && xs[index - 1] === xs[index - 1], index + 1 < length && xs[index + 1] === xs[index + 1]];
  const before = hasBefore ? (ys[index] - ys[index - 1]) / (xs[index] - xs[index - 1]) : 0;
  const after = hasAfter ? (ys[index + 1] - ys[index]) / (xs[index + 1] - xs[index]) : 0;
  if (!hasBefore || !hasAfter || before * after <= 0) return 0;
  return (2 * before * after) / (before + after);
}

/** From so many points in a plot on, lines are hairlines: without a graphics processor they cost a tenth of wider ones, and many thin lines read better. */
const HAIRLINE_POINTS = 12_000;

/** The width of lines. @param {number} wanted CSS pixels @param {number} points in the whole plot @param {number} ratio device pixels per CSS pixel */
export const lineWidthFor = (wanted, points, ratio) => (points > HAIRLINE_POINTS && ratio < 1.5 ? Math.min(wanted, 1 / ratio) : wanted);

/**
 * Strokes a line. Joins are round as long as they can be seen; where points stand closer than two pixels, bevels cost less and look the same.
 * @param {CanvasRenderingContext2D} context @param {Trace} line @param {{color: string, width: number, interpolation: string, dash?: number[], span: number}} how span: pixels the line covers
 */
export function strokeLine(context, line, { color, width, interpolation, dash, span }) {
  const sparse = line.length * 2 < span;
  context.strokeStyle = color;
  context.lineWidth = width;
  context.lineJoin = sparse ? "round" : "bevel";
  context.lineCap = sparse ? "round" : "butt";
  context.setLineDash(dash ?? []);
  context.beginPath();
  pathOf(context, line, interpolation);
  context.stroke();
  if (dash) context.setLineDash([]);
  loneDots(context, line, color, width);
}

/** Points with a gap on both sides, which a stroke would not show. */
function loneDots(context, { xs, ys, length }, color, width) {
  context.fillStyle = color;
  for (let index = 0; index < length; index++) {
    const joined = (index > 0 && xs[index - 1] === xs[index - 1]) || (index + 1 < length && xs[index + 1] === xs[index + 1]);
    if (joined || xs[index] !== xs[index]) continue;
    context.beginPath();
    context.arc(xs[index], ys[index], Math.max(1.5, width), 0, 2 * Math.PI);
    context.fill();
  }
}

/**
 * Fills between a line and the axis, or between it and the line below it.
 * @param {CanvasRenderingContext2D} context @param {Trace} line @param {Trace|null} below traces of the same points, gap for gap; null: the axis @param {number} axisY @param {string|CanvasGradient} paint @param {string} interpolation
 */
export function fillArea(context, line, below, axisY, paint, interpolation) {
  context.fillStyle = paint;
  context.beginPath();
  let start = 0;
  let startBelow = 0;
  while (start < line.length) {
    const end = segmentEnd(line, start);
    const endBelow = below ? segmentEnd(below, startBelow) : 0;
    if (end - start > 1) {
      pathOf(context, line, interpolation, start, end);
      if (!below) {
        context.lineTo(line.xs[end - 1], axisY);
        context.lineTo(line.xs[start], axisY);
      } else for (let index = endBelow - 1; index >= startBelow; index--) {
        context.lineTo(below.xs[index], below.ys[index]);
        if (index > startBelow && interpolation === "stepAfter") context.lineTo(below.xs[index], below.ys[index - 1]);
        if (index > startBelow && interpolation === "stepBefore") context.lineTo(below.xs[index - 1], below.ys[index]);
      }
      context.closePath();
    }
    start = end + 1;
    startBelow = endBelow + 1;
  }
  context.fill();
}

function segmentEnd({ xs, length }, start) {
  let end = start;
  while (end < length && xs[end] === xs[end]) end++;
  return end;
}

/** Dots on the points of a line. @param {CanvasRenderingContext2D} context @param {Trace} line @param {string} color @param {number} radius */
export function drawPoints(context, { xs, ys, length }, color, radius) {
  context.fillStyle = color;
  context.beginPath();
  for (let index = 0; index < length; index++) {
    if (xs[index] !== xs[index]) continue;
    context.moveTo(xs[index] + radius, ys[index]);
    context.arc(xs[index], ys[index], radius, 0, 2 * Math.PI);
  }
  context.fill();
}

/**
 * Bars from a base to each value. @param {CanvasRenderingContext2D} context @param {Float64Array} times @param {Float64Array} values @param {Float64Array|null} base
 * @param {View} view @param {{color: string, width: number, shift: number, opacity: number}} how width and shift (from the centre) in pixels
 */
export function drawBars(context, times, values, base, view, { color, width, shift, opacity }) {
  context.fillStyle = color;
  context.globalAlpha = opacity;
  const zero = yOf(view, view.log ? view.min : Math.min(view.max, Math.max(view.min, 0)));
  const end = firstIndexFrom(times, view.to + 1);
  const crisp = (pixel) => Math.round(pixel * view.ratio) / view.ratio;
  for (let index = firstIndexFrom(times, view.from); index < end; index++) {
    const value = values[index];
    if (value - value !== 0 || (view.log && value <= 0)) continue;
    const centre = xOf(view, times[index]) + shift;
    const x = crisp(centre - width / 2);
    const [y, foot] = [yOf(view, value), base ? yOf(view, base[index]) : zero];
    context.fillRect(x, Math.min(y, foot), Math.max(1 / view.ratio, crisp(centre + width / 2) - x), Math.abs(foot - y));
  }
  context.globalAlpha = 1;
}
