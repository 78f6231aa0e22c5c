// Tables that sort by any column, and show the first rows at once and the rest when asked.

import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { count } from "./format.js";

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} id
 * @property {string} label
 * @property {(row: Row) => string|number|null|undefined} value what it is sorted by, and shown where there is no `render`
 * @property {(row: Row) => import("./dom.js").Child} [render]
 * @property {boolean} [number] right-aligned, first sorted descending
 * @property {string} [class] of the cells
 * @property {boolean} [fixed] not to be sorted by
 */

/** @template Row */
export class DataTable {
  /**
   * @param {HTMLElement} element
   * @param {{columns: Column<Row>[], rows?: Row[], sort?: {id: string, descending: boolean}|null, most?: number, caption?: string, empty?: import("./dom.js").Child, rowClass?: (row: Row) => string, noun?: [string, string]}} options `most` rows at first
   */
  constructor(element, { columns, rows = [], sort = null, most = 200, caption = "", empty = "Nothing here.", rowClass, noun = ["row", "rows"] }) {
    Object.assign(this, { element, columns, rows, sort, most, caption, empty, rowClass, noun, shown: most });
    this.#draw();
  }

  /** @param {Row[]} rows @param {Column<Row>[]} [columns] */
  setRows(rows, columns) {
    this.rows = rows;
    if (columns) this.columns = columns;
    this.#draw();
  }

  #draw() {
    if (!this.rows.length) return void fill(this.element, typeof this.empty === "string" ? el("p.empty", this.empty) : this.empty);
    const sorted = this.#sorted();
    const shown = sorted.slice(0, this.shown);
    const left = sorted.length - shown.length;
    fill(this.element,
      el("div.table-box", el("table", this.caption ? el("caption.unseen", this.caption) : null, el("thead",
        el("tr", this.columns.map((column) => this.#head(column))),
      ),
        el("tbody",
          shown.map((row) => el("tr", { class: this.rowClass?.(row) },
            this.columns.map((column) => el("td", { class: [column.number ? "number" : "", column.class ?? ""].join(" ") },
              column.render ? column.render(row) : column.value(row),
            )),
          )),
        ))),
      left > 0 ? el("button.ghost.table-more", { type: "button", onclick: () => { this.shown += 5 * this.most; this.#draw(); } },
        `Show ${count(Math.min(left, 5 * this.most), "more row", "more rows")} of ${count(left, this.noun[0], this.noun[1])} left`,
      ) : null);
  }

  #head(column) {
    const number = column.number ? "number" : null;
    if (column.fixed) return el("th", { scope: "col", class: number }, column.label);
    const sorted = this.sort?.id === column.id;
    return el("th", {
      scope: "col", class: number, "aria-sort": sorted ? (this.sort.descending ? "descending" : "ascending") : null,
    }, el("button", { type: "button", onclick: () => {
      this.sort = { id: column.id, descending: sorted ? !this.sort.descending : Boolean(column.number) };
      this.#draw();
      [...this.element.querySelectorAll("thead button")].find((button) => button.textContent === column.label)?.focus();
    } }, column.label, el("span.sort-mark", icon("down", 12))));
  }

  #sorted() {
    const column = this.columns.find(({ id }) => id === this.sort?.id);
    if (!column) return this.rows;
    const sign = this.sort.descending ? -1 : 1;
    const keyed = this.rows.map((row, index) => ({ row, index, key: column.value(row) }));
    keyed.sort((a, b) => sign * compare(a.key, b.key) || a.index - b.index);
    return keyed.map(({ row }) => row);
  }
}

const natural = new Intl.Collator(undefined, { numeric: true });

function compare(a, b) {
  const [emptyA, emptyB] = [a === null || a === undefined || a !== a, b === null || b === undefined || b !== b];
  if (emptyA || emptyB) return Number(emptyB) - Number(emptyA);
  return typeof a === "number" && typeof b === "number" ? a - b : natural.compare(String(a), String(b));
}
