// Big values, each with its small curve.

import { el, fill } from "../../system/dom.js";
import { sparkline } from "../sparkline.js";
import { shown, valueColor } from "../model/fieldconfig.js";
import { history, reduced } from "./answer.js";

/** @typedef {import("./answer.js").Answer} Answer */

export class Stat {
  /** @param {HTMLElement} body @param {any} panel */
  constructor(body, panel) {
    this.panel = panel;
    this.element = el(".stats");
    body.append(this.element);
  }

  /** @param {Answer} answer */
  show(answer) {
    const list = reduced(this.panel, answer);
    if (!list.length) return fill(this.element, el("p.panel-note", answer.noData));
    const { colorMode = "value", graphMode = "area", textMode = "auto", orientation = "auto", justifyMode = "auto" } = this.panel.options ?? {};
    const wide = this.element.clientWidth >= this.element.clientHeight;
    this.element.dataset.flow = orientation === "horizontal" ? "rows" : orientation === "vertical" ? "columns" : wide ? "columns" : "rows";
    this.element.classList.toggle("many", list.length > 4);
    this.element.classList.toggle("centre", justifyMode === "center" || (list.length === 1 && graphMode === "none" && justifyMode === "auto"));
    fill(this.element, list.map((one) => {
      const value = shown(one.look, one.value);
      const color = value.color ?? valueColor(one.look, Number(one.value)) ?? (colorMode.startsWith("background") ? "var(--accent)" : undefined);
      const past = graphMode === "none" ? null : history(one);
      const named = textMode === "value_and_name" || textMode === "name" || (textMode === "auto" && list.length > 1);
      return el(".stat", { class: `${colorMode.startsWith("background") ? "filled" : ""} ${past ? "with-curve" : ""}`, style: { "--color": color ?? "var(--text)" } },
        el(".stat-text",
          named && el("span.stat-name", { title: one.name }, one.name),
          textMode !== "name" && textMode !== "none" && el("span.stat-value", { title: value.text, class: colorMode === "value" && color ? "colored" : "" }, value.head && el("small", value.head), value.number, value.unit && el("small", value.unit.startsWith("%") ? value.unit : ` ${value.unit.trim()}`))),
        past && el(".stat-curve", sparkline(past.times, past.values, answer.range, color ?? "var(--accent)")));
    }));
  }
}
