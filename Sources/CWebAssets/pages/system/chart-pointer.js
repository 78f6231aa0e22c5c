// The pointer over a plot, as gestures in pixels: hover, click, a drag that selects, a drag with Shift that moves, a double click.

import { isPinned } from "./tooltip.js";

const DRAG_PIXELS = 4;

/**
 * @typedef {object} Gestures
 * @property {(x: number) => boolean} begins whether a press at `x` is one on the plot
 * @property {(x: number, y: number) => void} hover
 * @property {() => void} leave
 * @property {(x: number, y: number) => void} click
 * @property {(from: number, to: number) => void} selecting while the drag lasts
 * @property {(from: number, to: number) => void} selected
 * @property {(by: number) => void} moving while the drag lasts; 0 when it ends
 * @property {(by: number) => void} moved
 * @property {() => void} givenUp
 * @property {() => void} doubleClick
 */

/** @param {HTMLElement} plot @param {AbortSignal} signal ends the listening @param {Gestures} does */
export function listenToPointer(plot, signal, does) {
  /** @type {{x: number, moves: boolean, dragged: boolean}|null} */
  let press = null;
  const on = (type, run) => plot.addEventListener(type, run, { signal });
  const local = (event) => {
    const box = plot.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  on("pointermove", (event) => {
    const { x, y } = local(event);
    if (press) press.dragged ||= Math.abs(x - press.x) >= DRAG_PIXELS;
    if (press?.dragged && press.moves) return does.moving(x - press.x);
    if (press?.dragged) does.selecting(press.x, x);
    if (!isPinned()) does.hover(x, y);
  });
  on("pointerleave", () => {
    if (!isPinned() && !press) does.leave();
  });
  on("pointerdown", (event) => {
    const { x } = local(event);
    if (event.button !== 0 || event.pointerType === "touch" || isPinned() || !does.begins(x)) return;
    press = { x, moves: event.shiftKey, dragged: false };
    plot.setPointerCapture(event.pointerId);
  });
  on("pointercancel", () => {
    if (press) does.givenUp();
    press = null;
  });
  on("pointerup", (event) => {
    const began = press;
    press = null;
    if (!began) return;
    const { x, y } = local(event);
    if (!began.dragged) does.click(x, y);
    else if (began.moves) does.moved(x - began.x);
    else if (Math.abs(x - began.x) >= DRAG_PIXELS) does.selected(began.x, x);
    else does.givenUp();
  });
  on("click", (event) => {
    const { x, y } = local(event);
    if (event.pointerType === "touch" && does.begins(x)) does.click(x, y);
  });
  on("dblclick", does.doubleClick);
}
