// The waterfall: a tree of spans with a bar each. Only the rows in sight are in the document, so ten thousand scroll as
// smoothly as ten; details open inline and push what is below them.

import { el, oncePerFrame, svg } from "../system/dom.js";
import { icon } from "../system/icons.js";
import { Flag } from "./model.js";
import { spanDetails } from "./details.js";
import { took } from "./took.js";

/** @typedef {import("./model.js").Trace} Trace */

const OVERSCAN = 12;
const FIRST_GUESS_OF_DETAILS = 260;

export class Waterfall {
  /**
   * @param {Trace} trace @param {string[]} colors CSS colours by service index @param {Map<number, number[]>} critical
   * @param {{onSelect?: (row: number) => void, onFold?: () => void}} hooks
   */
  constructor(trace, colors, critical, hooks = {}) {
    this.trace = trace;
    this.colors = colors;
    this.critical = critical;
    this.hooks = hooks;
    this.selected = -1;
    this.from = 0;
    this.to = 1;
    /** @type {Uint8Array | null} 1 where a row matches what is looked for */
    this.matches = null;
    this.onlyMatches = false;
    this.folded = new Uint8Array(trace.count);
    /** Rows in sight order, and each row's place in it (−1 while folded away). */
    this.visible = new Int32Array(trace.count);
    this.visibleCount = 0;
    this.place = new Int32Array(trace.count);
    /** Heights of open details by row. @type {Map<number, number>} */
    this.open = new Map();
    /** @type {Map<number, HTMLElement>} */
    this.rows = new Map();
    /** @type {Map<number, HTMLElement>} */
    this.panels = new Map();

    this.canvas = el(".waterfall-canvas", { role: "none" });
    this.needle = el(".needle", { hidden: true, "aria-hidden": "true" });
    this.element = el(".waterfall", { tabindex: "0", role: "tree", "aria-label": "Spans" }, this.canvas);
    this.box = el(".waterfall-box", el(".tick-lines", { "aria-hidden": "true" }, el("span")), this.element, this.needle);
    const paint = oncePerFrame(() => this.#paint());
    this.repaint = paint;
    this.element.addEventListener("scroll", paint, { passive: true });
    this.resized = new ResizeObserver(() => {
      this.#measure();
      paint();
    });
    this.resized.observe(this.element);
    this.panelResized = new ResizeObserver((entries) => this.#panelsResized(entries));
    this.element.addEventListener("click", (event) => this.#click(event));
    this.#layOut();
  }

  #measure() {
    this.rowHeight = parseFloat(getComputedStyle(this.element).getPropertyValue("--row")) || 24;
    const names = this.element.clientWidth * 0.36;
    this.element.style.setProperty("--indent", `${Math.max(3, Math.min(14, (names * 0.45) / Math.max(1, this.trace.levels)))}px`);
  }

  /** Which rows are in sight: those not folded away and, when asked, on the way to a match. */
  #layOut() {
    const { trace } = this;
    const wanted = this.onlyMatches && this.matches ? withAncestors(trace, this.matches) : null;
    this.place.fill(-1);
    let count = 0;
    for (let row = 0; row < trace.count;) {
      if (wanted && !wanted[row]) {
        row++;
        continue;
      }
      this.place[row] = count;
      this.visible[count++] = row;
      row = this.folded[row] ? trace.subtreeEnd[row] : row + 1;
    }
    this.visibleCount = count;
    this.#clear();
    this.repaint();
  }

  #clear() {
    for (const node of this.rows.values()) node.remove();
    this.rows.clear();
  }

  /** Pixels above the row at a place. @param {number} place */
  #top(place) {
    let top = place * this.rowHeight;
    for (const [row, height] of this.open) if (this.place[row] >= 0 && this.place[row] < place) top += height;
    return top;
  }

  /** The place of the row at a height. @param {number} y */
  #placeAt(y) {
    let place = Math.floor(y / this.rowHeight);
    const panels = [...this.open].filter(([row]) => this.place[row] >= 0).sort(([a], [b]) => a - b);
    let pushed = 0;
    for (const [row, height] of panels) {
      const end = (this.place[row] + 1) * this.rowHeight + pushed;
      if (y < end) break;
      pushed += height;
      place = Math.max(this.place[row], Math.floor((y - pushed) / this.rowHeight));
    }
    return Math.max(0, Math.min(this.visibleCount - 1, place));
  }

  #paint() {
    if (!this.rowHeight) this.#measure();
    const { scrollTop, clientHeight } = this.element;
    this.canvas.style.height = `${this.#top(this.visibleCount)}px`;
    if (!this.visibleCount) return this.#clear();
    const first = Math.max(0, this.#placeAt(scrollTop) - OVERSCAN);
    const last = Math.min(this.visibleCount - 1, this.#placeAt(scrollTop + clientHeight) + OVERSCAN);
    for (const [row, node] of this.rows) {
      if (this.place[row] >= first && this.place[row] <= last) continue;
      node.remove();
      this.rows.delete(row);
    }
    let top = this.#top(first);
    for (let place = first; place <= last; place++) {
      const row = this.visible[place];
      let node = this.rows.get(row);
      if (!node) {
        node = this.#row(row);
        this.rows.set(row, node);
        this.canvas.append(node);
      }
      node.style.top = `${top}px`;
      top += this.rowHeight + (this.open.get(row) ?? 0);
    }
    this.#paintPanels(first, last);
  }

  #paintPanels(first, last) {
    for (const [row, panel] of this.panels) {
      const place = this.place[row];
      if (this.open.has(row) && place >= first && place <= last) continue;
      this.panelResized.unobserve(panel);
      panel.remove();
      this.panels.delete(row);
    }
    for (const row of this.open.keys()) {
      const place = this.place[row];
      if (place < first || place > last) continue;
      let panel = this.panels.get(row);
      if (!panel) {
        panel = el(".details-panel", { style: { "--service": this.colors[this.trace.service[row]] } }, spanDetails(this.trace, row, { show: (to) => this.reveal(to) }));
        this.panels.set(row, panel);
        this.canvas.append(panel);
        this.panelResized.observe(panel);
      }
      panel.style.top = `${this.#top(place) + this.rowHeight}px`;
    }
  }

  #panelsResized(entries) {
    for (const entry of entries) {
      for (const [row, panel] of this.panels) if (panel === entry.target && this.open.has(row)) this.open.set(row, panel.offsetHeight);
    }
    this.repaint();
  }

  #row(row) {
    const { trace } = this;
    const span = trace.spans[row];
    const flags = trace.flags[row];
    const inside = trace.subtreeEnd[row] - row - 1;
    const folded = this.folded[row] === 1;
    const failed = (flags & Flag.error) !== 0;
    const failedInside = folded && (flags & Flag.errorBelow) !== 0;
    const node = el(".span", {
      role: "treeitem", id: `span-${row}`, dataset: { row: String(row) }, "aria-level": trace.depth[row] + 1, "aria-posinset": this.place[row] + 1,
      "aria-expanded": inside ? String(!folded) : null, "aria-selected": row === this.selected ? "true" : null,
      class: `${failed ? "failed " : ""}${this.open.has(row) ? "opened " : ""}${this.matches ? (this.matches[row] ? "match" : "dim") : ""}`,
      style: { "--service": this.colors[trace.service[row]], "--depth": String(trace.depth[row]) },
    });
    const name = el(".span-name",
      inside
        ? el(
          "button.twig",
          {
            tabindex: "-1", "aria-label": folded ? `Unfold ${inside} spans` : `Fold ${inside} spans`,
            title: `${folded ? "Unfold" : "Fold"} ${inside} ${inside === 1 ? "span" : "spans"}`,
          },
          icon(folded ? "forward" : "down", 12),
        )
        : el("span.twig"),
      el("span.chip"),
      el("span.who", { title: `${trace.serviceName(row)}: ${span.operationName}` }, el("b", trace.serviceName(row)), " ", el("span.operation", span.operationName)),
      folded && el("span.inside", `+${inside}`),
      (failed || failedInside) && el("span.mark.bad", { title: failed ? "This span failed" : "A span inside failed", class: failed ? "" : "hollow" }, icon("error", 14)),
      (flags & Flag.warning) !== 0 && el("span.mark.warn", { title: (span.warnings ?? []).join("; ") }, icon("warn", 14)),
      (flags & Flag.orphan) !== 0 && el("span.mark", { title: "Its parent is not in this trace" }, icon("help", 14)));
    node.append(name, this.#lane(row), el(".took", took(span.duration)));
    return node;
  }

  #lane(row) {
    const { trace } = this;
    const lane = el(".lane");
    const unit = Math.max(1, trace.duration) * (this.to - this.from);
    const offset = this.from * Math.max(1, trace.duration);
    const left = (trace.start[row] - offset) / unit;
    const width = trace.length[row] / unit;
    if (left + width < 0 || left > 1) {
      lane.append(el(left > 1 ? "span.beyond.right" : "span.beyond.left", { title: "Outside the part shown" }));
      return lane;
    }
    const shownLeft = Math.max(0, left);
    const shownWidth = Math.min(1, left + width) - shownLeft;
    const bar = el(".block", { style: { left: `${shownLeft * 100}%`, width: `max(2px, ${shownWidth * 100}%)` } });
    lane.append(bar);
    const path = this.critical.get(row);
    if (path) lane.append(criticalLine(path, offset, unit));
    for (const log of trace.spans[row].logs ?? []) {
      const at = (log.timestamp - trace.startMicros - offset) / unit;
      if (at >= 0 && at <= 1) lane.append(el("span.tick", { style: { left: `${at * 100}%` } }));
    }
    if (trace.flags[row] & Flag.error && left + width <= 1.0001) lane.append(el("span.cap", { style: { left: `min(${Math.min(1, left + width) * 100}%, 100% - 6px)` } }));
    return lane;
  }

  #click(/** @type {MouseEvent} */ event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const line = target.closest(".span");
    if (!line || String(getSelection())) return;
    const row = Number(/** @type {HTMLElement} */ (line).dataset.row);
    if (target.closest("button.twig")) return this.fold(row, !this.folded[row]);
    this.select(row, { scroll: false });
    this.toggleDetails(row);
  }

  /** Shows the part of the trace between two shares of it, 0…1. @param {number} from @param {number} to */
  setView(from, to) {
    this.from = from;
    this.to = to;
    this.#refresh();
  }

  /** Marks rows as found; with `only`, the rest folds away. @param {Uint8Array | null} matches @param {boolean} only */
  setMatches(matches, only) {
    this.matches = matches;
    this.onlyMatches = only;
    this.#layOut();
  }

  /** @param {Map<number, number[]>} critical */
  setCritical(critical) {
    this.critical = critical;
    this.#refresh();
  }

  #refresh() {
    this.#clear();
    this.repaint();
  }

  /** @param {number} row @param {boolean} folded */
  fold(row, folded) {
    if (!this.trace.hasChildren(row) || Boolean(this.folded[row]) === folded) return;
    this.folded[row] = folded ? 1 : 0;
    if (folded && this.selected > row && this.selected < this.trace.subtreeEnd[row]) this.selected = row;
    this.#layOut();
    this.hooks.onFold?.();
  }

  /** Folds every row at this depth or deeper; unfolds what is above. @param {number} depth */
  foldTo(depth) {
    for (let row = 0; row < this.trace.count; row++) this.folded[row] = this.trace.depth[row] >= depth && this.trace.hasChildren(row) ? 1 : 0;
    while (this.selected >= 0 && this.isHidden(this.selected)) this.selected = this.trace.parent[this.selected];
    this.#layOut();
  }

  /** Whether a fold above hides the row. @param {number} row */
  isHidden(row) {
    for (let up = this.trace.parent[row]; up >= 0; up = this.trace.parent[up]) if (this.folded[up]) return true;
    return false;
  }

  /** @param {number} row @param {boolean} [open] */
  toggleDetails(row, open = !this.open.has(row)) {
    if (row < 0) return;
    if (open) this.open.set(row, this.open.get(row) ?? FIRST_GUESS_OF_DETAILS);
    else this.open.delete(row);
    this.rows.get(row)?.classList.toggle("opened", open);
    this.repaint();
  }

  /** Makes a row the current one. @param {number} row @param {{scroll?: boolean}} [how] */
  select(row, { scroll = true } = {}) {
    this.rows.get(this.selected)?.removeAttribute("aria-selected");
    this.selected = row;
    this.rows.get(row)?.setAttribute("aria-selected", "true");
    this.element.setAttribute("aria-activedescendant", `span-${row}`);
    if (scroll) this.#scrollTo(row);
    this.hooks.onSelect?.(row);
  }

  /** Unfolds the way to a row, selects it and brings it into sight. @param {number} row */
  reveal(row) {
    if (row < 0) return;
    let changed = false;
    for (let up = this.trace.parent[row]; up >= 0; up = this.trace.parent[up]) {
      if (!this.folded[up]) continue;
      this.folded[up] = 0;
      changed = true;
    }
    if (changed) this.#layOut();
    this.select(row);
  }

  /** Scrolls to the first span that begins within a part of the trace, if none of those in sight does. @param {number} from @param {number} to microseconds */
  bringIntoSight(from, to) {
    const within = (/** @type {number} */ row) => row >= 0 && this.trace.start[row] >= from && this.trace.start[row] < to;
    if ([...this.rows.keys()].some(within)) return;
    for (let place = 0; place < this.visibleCount; place++) if (within(this.visible[place])) return this.#scrollTo(this.visible[place]);
  }

  #scrollTo(row) {
    const place = this.place[row];
    if (place < 0) return;
    if (!this.rowHeight) this.#measure();
    const top = this.#top(place);
    const { scrollTop, clientHeight } = this.element;
    const margin = this.rowHeight * 2;
    if (top < scrollTop + margin || top + this.rowHeight > scrollTop + clientHeight - margin) this.element.scrollTop = top - clientHeight / 3;
    this.repaint();
  }

  /** Moves the selection by rows in sight. @param {number} step */
  move(step) {
    if (!this.visibleCount) return;
    const at = this.selected < 0 ? -Math.sign(step) * 0 - (step > 0 ? 1 : 0) : this.place[this.selected];
    this.select(this.visible[Math.max(0, Math.min(this.visibleCount - 1, at + step))]);
  }

  /** The next row in sight or not, from the selection, for which `wanted` holds; wraps. @param {(row: number) => boolean} wanted @param {number} step 1 or −1 */
  next(wanted, step) {
    const { count } = this.trace;
    for (let i = 1; i <= count; i++) {
      const row = (((this.selected + step * i) % count) + count) % count;
      if (wanted(row)) return this.reveal(row);
    }
  }
}

function criticalLine(sections, offset, unit) {
  let path = "";
  let reach = -1;
  for (let i = 0; i < sections.length; i += 2) {
    const from = Math.max(0, ((sections[i] - offset) / unit) * 2000);
    const to = Math.min(2000, ((sections[i + 1] - offset) / unit) * 2000);
    if (to <= from || to < reach) continue; // outside, or nothing a pixel would show
    path += `M${from.toFixed(1)} 0H${Math.max(to, from + 1).toFixed(1)}`;
    reach = from + 1;
  }
  return path ? svg("svg", { class: "critical", viewBox: "0 0 2000 2", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("path", { d: path })) : null;
}

function withAncestors(trace, matches) {
  const wanted = Uint8Array.from(matches);
  for (let row = trace.count - 1; row >= 0; row--) if (wanted[row] && trace.parent[row] >= 0) wanted[trace.parent[row]] = 1;
  return wanted;
}
