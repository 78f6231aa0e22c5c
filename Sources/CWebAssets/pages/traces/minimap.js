// The whole trace in a strip: a lane a span while they fit, and otherwise lanes that each stand for many spans, where a cell
// takes the colour of the service that covers it most and the strength of the coverage. Drag selects a time range.

import { cssValue, el } from "../system/dom.js";
import { Flag } from "./model.js";

/** @typedef {import("./model.js").Trace} Trace */

const LANE = 3;
const ERROR_STRIP = 5;
const SMALLEST_SHARE = 1 / 5000;

export class Minimap {
  /**
   * @param {Trace} trace @param {string[]} colors CSS colours by service index
   * @param {{onView: (from: number, to: number) => void}} hooks a view is a range of shares of the trace, 0…1
   */
  constructor(trace, colors, { onView }) {
    this.trace = trace;
    this.colors = colors;
    this.onView = onView;
    this.canvas = el("canvas", { "aria-hidden": "true" });
    this.before = el(".minimap-shade.before");
    this.after = el(".minimap-shade.after");
    this.brush = el(".minimap-brush", { hidden: true });
    this.element = el(".minimap", {
      role: "img", title: "Drag to look closer, double click for the whole trace",
      "aria-label": `Overview of ${trace.count} spans in ${trace.services.length} services`,
    }, this.canvas, this.before, this.after, this.brush);
    this.element.addEventListener("pointerdown", (event) => this.#drag(event));
    this.element.addEventListener("dblclick", () => this.onView(0, 1));
    new ResizeObserver(() => this.draw()).observe(this.element);
    addEventListener("themechange", () => this.draw());
    this.show(0, 1);
  }

  /** Marks the part that the waterfall shows. @param {number} from @param {number} to */
  show(from, to) {
    this.before.style.width = `${from * 100}%`;
    this.after.style.width = `${(1 - to) * 100}%`;
    this.element.classList.toggle("zoomed", from > 0 || to < 1);
  }

  draw() {
    const width = this.element.clientWidth;
    const height = this.element.clientHeight;
    if (!width || !height) return;
    const scale = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    const context = this.canvas.getContext("2d");
    context.scale(scale, scale);
    const room = height - ERROR_STRIP - 4;
    if (this.trace.count * LANE <= room) this.#drawSpans(context, width, room);
    else this.#drawAggregate(context, width, room);
    this.#drawErrors(context, width, height);
  }

  #x(/** @type {number} */ micros, /** @type {number} */ width) { return (micros / Math.max(1, this.trace.duration)) * width; }

  #drawSpans(context, width, room) {
    const { trace } = this;
    const lane = Math.min(7, room / trace.count);
    const bar = Math.max(2, Math.floor(lane - 1));
    for (let row = 0; row < trace.count; row++) {
      const x = this.#x(trace.start[row], width);
      context.fillStyle = this.colors[trace.service[row]];
      context.fillRect(x, 2 + Math.floor(row * lane), Math.max(1.5, this.#x(trace.length[row], width)), bar);
    }
  }

  #drawAggregate(context, width, room) {
    const { trace, colors } = this;
    const lanes = Math.max(1, Math.floor(room / LANE));
    const columns = Math.max(1, Math.floor(width / 2));
    const services = trace.services.length;
    const cells = new Float32Array(lanes * columns * Math.min(services, 64));
    const kinds = Math.min(services, 64);
    for (let row = 0; row < trace.count; row++) {
      const lane = Math.floor((row * lanes) / trace.count);
      const from = this.#x(trace.start[row], columns);
      const to = Math.max(from + 0.2, this.#x(trace.start[row] + trace.length[row], columns));
      const kind = trace.service[row] % kinds;
      for (let column = Math.floor(from); column < to && column < columns; column++) {
        cells[(lane * columns + column) * kinds + kind] += Math.min(to, column + 1) - Math.max(from, column);
      }
    }
    for (let lane = 0; lane < lanes; lane++) {
      for (let column = 0; column < columns; column++) {
        const at = (lane * columns + column) * kinds;
        let most = 0;
        let cover = 0;
        for (let kind = 0; kind < kinds; kind++) {
          cover += cells[at + kind];
          if (cells[at + kind] > cells[at + most]) most = kind;
        }
        if (cover <= 0) continue;
        context.globalAlpha = Math.max(0.3, Math.min(1, Math.sqrt(cover)));
        context.fillStyle = colors[most];
        context.fillRect(column * 2, 2 + lane * LANE, 2, LANE - 1);
      }
    }
    context.globalAlpha = 1;
  }

  /** One red tooth wherever an error ended, however many ended there. */
  #drawErrors(context, width, height) {
    const { trace } = this;
    if (!trace.errors) return;
    const marks = new Uint8Array(Math.ceil(width / 4) + 1);
    for (let row = 0; row < trace.count; row++) {
      if (trace.flags[row] & Flag.error) marks[Math.floor(this.#x(trace.start[row] + trace.length[row], width) / 4)] = 1;
    }
    context.fillStyle = cssValue("--bad");
    for (let mark = 0; mark < marks.length; mark++) {
      if (!marks[mark]) continue;
      const x = Math.min(width - 3, Math.max(3, mark * 4 + 2));
      context.beginPath();
      context.moveTo(x - 3, height - 1);
      context.lineTo(x, height - ERROR_STRIP - 1);
      context.lineTo(x + 3, height - 1);
      context.fill();
    }
  }

  #drag(/** @type {PointerEvent} */ event) {
    if (event.button) return;
    const box = this.element.getBoundingClientRect();
    const share = (/** @type {PointerEvent} */ e) => Math.min(1, Math.max(0, (e.clientX - box.left) / box.width));
    const start = share(event);
    let end = start;
    this.element.setPointerCapture(event.pointerId);
    const move = (/** @type {PointerEvent} */ e) => {
      end = share(e);
      this.brush.hidden = Math.abs(end - start) * box.width < 4;
      this.brush.style.left = `${Math.min(start, end) * 100}%`;
      this.brush.style.width = `${Math.abs(end - start) * 100}%`;
    };
    const stop = (/** @type {PointerEvent} */ e) => {
      this.element.removeEventListener("pointermove", move);
      this.brush.hidden = true;
      if (e.type === "pointerup" && Math.abs(end - start) * box.width >= 4) {
        const from = Math.min(start, end);
        this.onView(from, Math.max(Math.max(start, end), from + SMALLEST_SHARE));
      }
    };
    this.element.addEventListener("pointermove", move);
    this.element.addEventListener("pointerup", stop, { once: true });
    this.element.addEventListener("pointercancel", stop, { once: true });
  }
}
