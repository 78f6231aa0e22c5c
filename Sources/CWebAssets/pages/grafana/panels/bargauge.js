// Values as bars beside each other, on one scale.

import { el, fill } from "../../system/dom.js";
import { shown, valueColor } from "../model/fieldconfig.js";
import { rangeOf, reduced } from "./answer.js";

export class BarGauge {
  /** @param {HTMLElement} body @param {any} panel */
  constructor(body, panel) {
    this.panel = panel;
    this.element = el(".bars");
    body.append(this.element);
  }

  /** @param {import("./answer.js").Answer} answer */
  show(answer) {
    const list = reduced(this.panel, answer);
    if (!list.length) return fill(this.element, el("p.panel-note", answer.noData));
    const { orientation = "auto" } = this.panel.options ?? {};
    const upright = orientation === "vertical" || (orientation === "auto" && this.element.clientWidth > this.element.clientHeight * 2 && list.length > 1 && list.length <= 12);
    this.element.classList.toggle("upright", upright);
    const range = rangeOf(list);
    fill(this.element, list.map((one) => {
      const { min, max } = range(one.look);
      const text = shown(one.look, one.value);
      const color = text.color ?? valueColor(one.look, Number(one.value)) ?? "var(--accent)";
      const share = Number.isFinite(one.value) ? Math.max(0, Math.min(1, (one.value - min) / (max - min))) : 0;
      return el(".bar-line", {
        role: "meter", "aria-valuemin": min, "aria-valuemax": max, "aria-valuenow": Number.isFinite(one.value) ? one.value : null,
        "aria-valuetext": text.text, "aria-label": one.name, style: { "--share": String(share), "--color": color },
      },
        el("span.bar-name", { title: one.name }, one.name), el("span.bar-value", text.text), el("span.bar-track", el("span.bar-fill")));
    }));
  }
}
