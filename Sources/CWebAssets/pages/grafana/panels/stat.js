// Big values, each with its small curve: the system's stats, one for each value that the panel reduces to.

import { el } from "../../system/dom.js";
import { Stat } from "../../system/stat.js";
import { shown, valueColor } from "../model/fieldconfig.js";
import { history, reduced } from "./answer.js";

/** @typedef {import("./answer.js").Answer} Answer @typedef {import("./answer.js").Reduced} Reduced */

const MANY = 4;

export class Stats {
  /** @param {HTMLElement} body @param {any} panel */
  constructor(body, panel) {
    this.panel = panel;
    this.note = el("p.panel-note", { hidden: true });
    this.element = el(".stats", this.note);
    /** @type {{place: HTMLElement, stat: Stat}[]} */
    this.stats = [];
    body.append(this.element);
  }

  /** @param {Answer} answer */
  show(answer) {
    const list = reduced(this.panel, answer);
    const { colorMode = "value", graphMode = "area", textMode = "auto", orientation = "auto" } = this.panel.options ?? {};
    this.note.hidden = list.length > 0;
    this.note.textContent = answer.noData;
    const wide = this.element.clientWidth >= this.element.clientHeight;
    this.element.dataset.flow = orientation === "horizontal" ? "rows" : orientation === "vertical" ? "columns" : wide ? "columns" : "rows";
    this.element.classList.toggle("many", list.length > MANY);
    while (this.stats.length > list.length) {
      const { place, stat } = this.stats.pop();
      stat.destroy();
      place.remove();
    }
    list.forEach((one, at) => this.#show(
      at, one,
      {
        colorMode, graphMode, named: textMode === "value_and_name" || textMode === "name" || (textMode === "auto" && list.length > 1),
        valued: textMode !== "name" && textMode !== "none",
      },
    ));
  }

  #show(at, one, { colorMode, graphMode, named, valued }) {
    if (!this.stats[at]) {
      const place = el(".stat-place");
      this.element.append(place);
      this.stats[at] = { place, stat: new Stat(place) };
    }
    const { stat, place } = this.stats[at];
    const said = shown(one.look, one.value);
    const color = said.color ?? valueColor(one.look, Number(one.value));
    const words = !valued ? one.name : typeof one.value !== "number" || said.unit === "" ? said.text : null;
    place.title = `${one.name}: ${said.text}`;
    Object.assign(stat.options, {
      title: one.name, unit: one.look.unit ?? "short", decimals: one.look.decimals ?? null, graph: graphMode !== "none", text: words === null ? undefined : () => words,
      color: colorMode.startsWith("background") ? "background" : colorMode === "none" || !color ? "none" : "value",
    });
    const value = typeof one.value === "number" ? one.value : 0;
    stat.setData({
      value: valued && words === null ? value : Number.isNaN(value) ? 0 : value, name: named && valued ? one.name : undefined, color,
      sparkline: graphMode === "none" ? undefined : history(one) ?? undefined, noData: "–",
    });
  }

  destroy() { for (const { stat } of this.stats) stat.destroy(); }
}
