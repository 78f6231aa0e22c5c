// Frames as a table: sorted by a click, coloured by thresholds and mappings where the dashboard asks for it.

import { el, fill } from "../../system/dom.js";
import { dateTime, relativeTime } from "../../system/format.js";
import { icon } from "../../system/icons.js";
import { shown, valueColor } from "../model/fieldconfig.js";
import { numberFields } from "../model/frames.js";
import { reduce } from "../model/reduce.js";
import { compare } from "../model/transform.js";

const ROWS = 500;

export class Table {
  /** @param {HTMLElement} body @param {any} panel */
  constructor(body, panel) {
    this.panel = panel;
    this.element = el(".table-panel");
    this.picked = 0;
    /** @type {{name: string, desc: boolean} | null} */
    const [first] = panel.options?.sortBy ?? [];
    this.sort = first ? { name: first.displayName, desc: Boolean(first.desc) } : null;
    body.append(this.element);
  }

  /** @param {import("./answer.js").Answer} answer */
  show(answer) {
    this.answer = answer;
    this.#draw();
  }

  #draw() {
    const { answer } = this;
    const frames = answer.frames.filter((frame) => frame.length);
    if (!frames.length) return fill(this.element, el("p.panel-note", answer.noData));
    const scroll = this.element.querySelector(".table-box")?.scrollTop ?? 0;
    const frame = frames[Math.min(this.picked, frames.length - 1)];
    const columns = frame.fields.map((field) => ({ field, look: answer.look(field, frame) })).filter(({ look }) => !look.custom.hidden && !look.custom.hideFrom?.viz);
    const sorted = this.sort && columns.find(({ look, field }) => look.name === this.sort?.name || field.name === this.sort?.name);
    const order = Array.from({ length: frame.length }, (_, at) => at);
    if (sorted) order.sort((a, b) => compare(sorted.field.values[a], sorted.field.values[b]) * (this.sort?.desc ? -1 : 1));
    const header = this.panel.options?.showHeader !== false;
    fill(this.element,
      el(".table-box", el("table",
        header && el("thead", el("tr", columns.map(({ field, look }) => el("th", {
          class: field.type === "number" ? "number" : "",
          "aria-sort": sorted?.field === field ? (this.sort?.desc ? "descending" : "ascending") : null,
        },
          el("button", { type: "button", onclick: () => this.#sortBy(look.name) }, look.name, el("span.sort-mark", icon("down", 12))))))),
        el("tbody", order.slice(0, ROWS).map((row) => el("tr", columns.map(({ field, look }) => cell(field, look, row))))),
        this.panel.options?.footer?.show && footer(columns, this.panel.options.footer))),
      (frames.length > 1 || frame.length > ROWS) && el(".table-foot",
        frames.length > 1 && el("select", { "aria-label": "Series", onchange: (event) => {
          this.picked = Number(event.target.value);
          this.#draw();
        } }, frames.map((one, at) => el("option", { value: String(at), selected: one === frame }, answer.look(numberFields(one)[0] ?? one.fields[0], one).name))),
        frame.length > ROWS && el("span.muted", `The first ${ROWS} of ${frame.length} rows`)));
    const box = this.element.querySelector(".table-box");
    if (box) box.scrollTop = scroll;
  }

  #sortBy(name) {
    this.sort = this.sort?.name === name ? (this.sort.desc ? null : { name, desc: true }) : { name, desc: false };
    this.#draw();
  }
}

function cell(field, look, row) {
  const value = field.values[row];
  if (field.type === "time" && !look.unit) return el("td", { class: "time", title: relativeTime(value) }, dateTime(value));
  const text = shown(look, value);
  const kind = look.custom.cellOptions?.type ?? look.custom.displayMode ?? "auto";
  const color = kind === "auto" ? text.color : text.color ?? (typeof value === "number" ? valueColor(look, value) : undefined);
  const filled = kind.startsWith("color-background") && color;
  const bar = /gauge/.test(kind) && typeof value === "number" ? el(
    "span.cell-bar",
    { style: {
      "--share": String(Math.max(0, Math.min(1, (value - (look.min ?? 0)) / ((look.max ?? 100) - (look.min ?? 0) || 1)))),
      "--color": color ?? "var(--accent)",
    } },
  ) : null;
  return el(
    "td",
    {
      class: `${field.type === "number" ? "number" : ""} ${filled ? "filled" : ""} ${color && !filled ? "colored" : ""}`,
      style: color ? { "--color": color } : {},
    },
    bar, text.text,
  );
}

function footer(columns, { reducer = ["sum"], fields }) {
  const wanted = [].concat(fields ?? []);
  return el("tfoot", el("tr", columns.map(({ field, look }, at) => {
    const counts = field.type === "number" && (!wanted.length || wanted.includes(look.name));
    return el(
      "td", { class: field.type === "number" ? "number" : "" },
      counts ? shown({ ...look, mappings: [] }, Number(reduce(field.values, reducer[0]))).text : at === 0 ? reducer[0] : "",
    );
  })));
}
