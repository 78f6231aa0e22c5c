// The legend of a chart: a list, or a table with calculations that sorts by any column. A click isolates a series, with Ctrl or ⌘ it toggles.

import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { format } from "./format.js";
import { calculate } from "./series.js";

const SHOWN_AT_FIRST = 100;
const CALC_WORDS = {
  last: "Last", lastNotNull: "Last", first: "First", mean: "Mean", min: "Min", max: "Max", sum: "Sum", count: "Count",
  range: "Range", stdDev: "Std dev", diff: "Change",
};

/** @typedef {{name: string, color: string, values: Float64Array, unit?: string, shown: boolean, detail?: string}} LegendEntry */

export class Legend {
  /**
   * @param {HTMLElement} element
   * @param {{onIsolate: (index: number) => void, onToggle: (index: number) => void, onPoint: (index: number) => void}} does onPoint: −1 when nothing is pointed at
   */
  constructor(element, does) {
    this.element = element;
    this.does = does;
    /** @type {LegendEntry[]} */
    this.entries = [];
    this.all = false;
    /** @type {{column: number, descending: boolean}|null} column −1 is the name */
    this.sort = null;
    this.shape = "";
    const indexOf = (event) => {
      const { dataset } = /** @type {HTMLElement} */ (event.target).closest("[data-index], [data-row]") ?? { dataset: {} };
      return Number(dataset.index ?? dataset.row ?? -1);
    };
    element.addEventListener("click", (event) => {
      const index = indexOf(event);
      if (index >= 0 && event.target.closest("[data-index]")) (event.ctrlKey || event.metaKey ? does.onToggle : does.onIsolate)(index);
    });
    element.addEventListener("pointerover", (event) => does.onPoint(indexOf(event)));
    element.addEventListener("pointerleave", () => does.onPoint(-1));
    element.addEventListener("focusin", (event) => does.onPoint(indexOf(event)));
    element.addEventListener("focusout", () => does.onPoint(-1));
  }

  /** @param {LegendEntry[]} entries @param {{kind: "list"|"table", calcs: import("./chart.js").Calc[], unit?: string, decimals?: number|null}} how */
  show(entries, how) {
    this.entries = entries;
    this.how = how;
    const shape = how.kind === "list" ? `${this.all}${entries.map((entry) => `${entry.name}\n${entry.color}${entry.shown}`).join("\n")}` : "";
    if (shape && shape === this.shape) return;
    this.shape = shape;
    const order = entries.map((_, index) => index);
    const [scrollTop, focused] = [
      this.element.firstChild ? this.element.scrollTop : 0,
      this.element.contains(document.activeElement) ? document.activeElement.dataset.index : undefined,
    ];
    const shown = this.all ? order : order.slice(0, SHOWN_AT_FIRST);
    const rest = entries.length - shown.length;
    const more = rest > 0 ? el("button.link.legend-more",
      { type: "button", onclick: () => { this.all = true; this.show(this.entries, how); } },
      `Show ${rest} more`,
    ) : null;
    fill(this.element, how.kind === "table" ? this.#table(order, rest) : shown.map((index) => this.#item(index)), more);
    if (scrollTop) this.element.scrollTop = scrollTop;
    if (focused !== undefined) this.element.querySelector(`[data-index="${focused}"]`)?.focus({ preventScroll: true });
  }

  #item(index) {
    const entry = this.entries[index];
    const button = document.createElement("button");
    button.type = "button";
    button.className = "legend-item";
    button.title = entry.detail ?? entry.name;
    button.dataset.index = String(index);
    button.setAttribute("aria-pressed", String(entry.shown));
    const swatch = document.createElement("i");
    swatch.className = "swatch";
    swatch.style.setProperty("--color", entry.color);
    const name = document.createElement("span");
    name.className = "legend-name";
    name.textContent = entry.name;
    button.append(swatch, name);
    return button;
  }

  #table(order, rest) {
    const { calcs, unit, decimals } = this.how;
    const numbers = this.entries.map((entry) => calcs.map((calc) => calculate(entry.values, calc)));
    if (this.sort) {
      const { column, descending } = this.sort;
      const sign = descending ? -1 : 1;
      order.sort((a, b) => (column < 0 ? sign * this.entries[a].name.localeCompare(
        this.entries[b].name,
        undefined,
        { numeric: true },
      ) : sign * (numbers[a][column] - numbers[b][column]) || a - b));
    }
    const head = (label, column, number) => {
      const sorted = this.sort?.column === column;
      return el("th", {
        scope: "col", class: number ? "number" : null,
        "aria-sort": sorted ? (this.sort.descending ? "descending" : "ascending") : null,
      }, el("button", { type: "button", onclick: () => {
        this.sort = sorted && this.sort.descending !== (column >= 0) ? null : { column, descending: sorted ? !this.sort.descending : column >= 0 };
        this.show(this.entries, this.how);
      } }, label, icon("down", 12)));
    };
    const rows = rest > 0 ? order.slice(0, SHOWN_AT_FIRST) : order;
    return el("table.legend-table", el("thead",
      el("tr", head("Series", -1, false), calcs.map((calc, column) => head(CALC_WORDS[calc] ?? calc, column, true))),
    ),
      el("tbody", rows.map((index) => el("tr", { "data-row": index }, el("td", this.#item(index)),
        calcs.map((calc, column) => el("td.number",
          calc === "count" ? String(numbers[index][column]) : format(numbers[index][column], this.entries[index].unit ?? unit, decimals),
        ))))));
  }
}
