// Shares of a whole, as a ring or a pie, with a legend that names values and percentages.

import { el, fill, svg } from "../../system/dom.js";
import { ColorBook } from "../../system/color.js";
import { format } from "../../system/format.js";
import { shown, valueColor } from "../model/fieldconfig.js";
import { reduced } from "./answer.js";

export class Pie {
  /** @param {HTMLElement} body @param {any} panel */
  constructor(body, panel) {
    this.panel = panel;
    this.colors = new ColorBook();
    this.element = el(".pie");
    body.append(this.element);
  }

  /** @param {import("./answer.js").Answer} answer */
  show(answer) {
    const all = reduced(this.panel, answer);
    const own = (one) => (one.look.color.mode === "fixed" || one.look.color.mode === "thresholds" ? valueColor(one.look, one.value) : undefined);
    const assigned = this.colors.assign(all.map((one) => ({ name: one.name, labels: one.field.labels, color: own(one) })));
    const colorOf = new Map(all.map((one, at) => [one, assigned[at]]));
    const list = all.filter((one) => Number.isFinite(one.value) && one.value > 0).sort((a, b) => b.value - a.value);
    const colors = list.map((one) => colorOf.get(one));
    const total = list.reduce((sum, one) => sum + one.value, 0);
    if (!total) return fill(this.element, el("p.panel-note", all.length ? "Every value is zero." : answer.noData));
    const { legend = {}, pieType = "pie" } = this.panel.options ?? {};
    const ring = pieType === "donut";
    let at = 0;
    const slices = list.map((one, index) => {
      const [from, to] = [at, (at += one.value / total)];
      const text = `${one.name}: ${shown(one.look, one.value).text}, ${format(one.value / total, "percentunit")}`;
      const node = list.length === 1
        ? svg("circle", { r: 46, fill: colors[0] })
        : svg("path", { d: slice(from, to), fill: colors[index] });
      node.append(svg("title", {}, document.createTextNode(text)));
      return node;
    });
    const listed = legend.showLegend !== false && legend.displayMode !== "hidden";
    const columns = legend.values?.length ? legend.values : ["value", "percent"];
    this.element.classList.toggle("below", legend.placement === "bottom");
    fill(this.element,
      svg("svg", {
        class: "pie-plot", viewBox: "-50 -50 100 100", role: "img",
        "aria-label": list.slice(0, 6).map((one) => `${one.name} ${format(one.value / total, "percentunit")}`).join(", "),
      }, ...slices,
        ...(ring ? [
          svg("circle", { r: 29, class: "pie-hole" }),
          svg("text", { class: "pie-total", y: 5 }, document.createTextNode(shown({ ...list[0].look, mappings: [] }, total).text)),
        ] : [])),
      listed && el("table.pie-legend", el("tbody", list.map((one, index) => el("tr", el(
        "td", el("span.swatch", { style: { "--color": colors[index] } }),
      ), el("td.truncate", { title: one.name }, one.name),
        columns.includes("value") && el("td.number", shown(one.look, one.value).text), columns.includes("percent") && el("td.number", format(one.value / total, "percentunit", 0)))))));
  }
}

function slice(from, to) {
  const point = (share) => `${(46 * Math.sin(share * 2 * Math.PI)).toFixed(3)} ${(-46 * Math.cos(share * 2 * Math.PI)).toFixed(3)}`;
  return `M0 0L${point(from)}A46 46 0 ${to - from > 0.5 ? 1 : 0} 1 ${point(to)}Z`;
}
