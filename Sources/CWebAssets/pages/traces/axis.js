// The time axis above the bars: round ticks of the part shown; drag on it looks closer, as on the minimap.

import { el, fill } from "../system/dom.js";
import { axisFormatter, format } from "../system/format.js";

/**
 * @param {number} duration of the trace, microseconds
 * @param {{onView: (from: number, to: number) => void}} hooks
 */
export function timeAxis(duration, { onView }) {
  const ticks = el(".axis-ticks");
  const pointer = el(".axis-point", { hidden: true });
  const brush = el(".minimap-brush", { hidden: true });
  const element = el(".axis", { title: "Drag to look closer, double click for the whole trace" }, ticks, brush, pointer);
  let from = 0;
  let to = 1;
  const draw = () => {
    const width = element.clientWidth || 600;
    const [start, end] = [from * duration, to * duration];
    const step = roundStep((end - start) / Math.max(2, Math.min(6, Math.floor(width / 90))));
    const label = axisFormatter("µs", end, step);
    const nodes = [];
    for (let at = Math.ceil(start / step) * step; at <= end; at += step) {
      const share = (at - start) / Math.max(1, end - start);
      if (share > 0.94) break;
      nodes.push(el("span", { style: { left: `${share * 100}%` }, title: format(at, "µs") }, label(at)));
    }
    fill(ticks, nodes);
    const first = (Math.ceil(start / step) * step - start) / Math.max(1, end - start);
    return { first, step: step / Math.max(1, end - start) };
  };
  new ResizeObserver(draw).observe(element);
  element.addEventListener("dblclick", () => onView(0, 1));
  element.addEventListener("pointerdown", (event) => {
    const box = element.getBoundingClientRect();
    const share = (e) => Math.min(1, Math.max(0, (e.clientX - box.left) / box.width));
    const start = share(event);
    element.setPointerCapture(event.pointerId);
    const move = (e) => {
      const now = share(e);
      brush.hidden = Math.abs(now - start) * box.width < 4;
      brush.style.left = `${Math.min(start, now) * 100}%`;
      brush.style.width = `${Math.abs(now - start) * 100}%`;
    };
    element.addEventListener("pointermove", move);
    element.addEventListener("lostpointercapture", (e) => {
      element.removeEventListener("pointermove", move);
      const now = share(e);
      const dragged = !brush.hidden;
      brush.hidden = true;
      if (dragged) onView(from + Math.min(start, now) * (to - from), from + Math.max(start, now) * (to - from));
    }, { once: true });
  });
  return {
    element,
    /**
     * Shows the part between two shares of the trace; answers where the ticks fall, as shares of the part.
     * @param {number} start @param {number} end
     */
    show(start, end) {
      from = start;
      to = end;
      return draw();
    },
    /** Names the time under the pointer, at a share of the part shown; null for none. @param {number | null} share @param {string} [text] */
    point(share, text = "") {
      pointer.hidden = share === null;
      if (share === null) return;
      pointer.style.left = `${share * 100}%`;
      pointer.textContent = text;
    },
  };
}

/** The next 1, 2 or 5 times a power of ten; whole minutes and hours where that is what people count in. @param {number} micros */
function roundStep(micros) {
  const minutes = micros / 6e7;
  if (minutes > 60) return ([1, 2, 3, 6, 12, 24].find((hours) => hours >= minutes / 60) ?? Math.ceil(minutes / 1440) * 24) * 3.6e9;
  if (minutes > 1) return [1, 2, 5, 10, 15, 30, 60].find((step) => step >= minutes) * 6e7;
  if (micros > 1e7) return ([15, 20, 30, 60].find((s) => s >= micros / 1e6) ?? 60) * 1e6;
  const power = 10 ** Math.floor(Math.log10(Math.max(1e-3, micros)));
  return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= micros * 0.999) ?? 10 * power;
}
