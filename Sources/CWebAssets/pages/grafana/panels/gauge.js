// Gauges: an arc that fills from min to max, inside a thin ring of the thresholds.

import { el, fill, svg } from "../../system/dom.js";
import { cssColor } from "../../system/color.js";
import { absoluteSteps, shown, valueColor } from "../model/fieldconfig.js";
import { rangeOf, reduced } from "./answer.js";

const [START, SWEEP] = [-210, 240]; // degrees, clockwise from three o'clock

export class Gauge {
  /** @param {HTMLElement} body @param {any} panel */
  constructor(body, panel) {
    this.panel = panel;
    this.element = el(".gauges");
    body.append(this.element);
  }

  /** @param {import("./answer.js").Answer} answer */
  show(answer) {
    const list = reduced(this.panel, answer);
    if (!list.length) return fill(this.element, el("p.panel-note", answer.noData));
    const range = rangeOf(list);
    const markers = this.panel.options?.showThresholdMarkers !== false;
    fill(this.element, list.map((one) => {
      const { min, max } = range({ ...one.look, max: one.look.max ?? (one.look.unit?.startsWith("percent") ? undefined : one.look.max ?? 100) });
      const text = shown(one.look, one.value);
      const color = text.color ?? valueColor(one.look, Number(one.value)) ?? "var(--accent)";
      const share = Number.isFinite(one.value) ? Math.max(0, Math.min(1, (one.value - min) / (max - min))) : 0;
      return el(".gauge", {
        role: "meter", "aria-valuemin": min, "aria-valuemax": max, "aria-valuenow": Number.isFinite(one.value) ? one.value : null,
        "aria-valuetext": text.text, "aria-label": one.name,
      },
        svg("svg", { viewBox: "-60 -58 120 96", "aria-hidden": "true" },
          svg("path", { d: arc(46, 0, 1), class: "gauge-track" }),
          svg("path", { d: arc(46, 0, Math.max(share, 0.004)), class: "gauge-fill", style: `stroke: ${color}` }),
          ...(markers ? ring(absoluteSteps({ ...one.look, min, max }), min, max) : []),
          svg("text", { class: "gauge-value", x: 0, y: 4, "font-size": Math.min(18, 112 / Math.max(5, text.text.length)) }, document.createTextNode(text.text)),
          svg("text", { class: "gauge-end", x: -40, y: 37 }, document.createTextNode(shown({ ...one.look, mappings: [], decimals: null }, min).text)),
          svg("text", { class: "gauge-end", x: 40, y: 37 }, document.createTextNode(shown({ ...one.look, mappings: [], decimals: null }, max).text))),
        list.length > 1 && el("span.gauge-name", { title: one.name }, one.name));
    }));
  }
}

function ring(steps, min, max) {
  const nodes = [];
  steps.forEach((step, at) => {
    const from = step.value === null ? 0 : Math.max(0, Math.min(1, (step.value - min) / (max - min)));
    const next = steps[at + 1];
    const to = next ? Math.max(0, Math.min(1, (next.value - min) / (max - min))) : 1;
    if (to > from) nodes.push(svg("path", { d: arc(55, from, to), class: "gauge-ring", style: `stroke: ${cssColor(step.color)}` }));
  });
  return nodes;
}

function arc(radius, from, to) {
  const point = (share) => {
    const angle = ((START + SWEEP * share) * Math.PI) / 180;
    return `${(radius * Math.cos(angle)).toFixed(2)} ${(radius * Math.sin(angle)).toFixed(2)}`;
  };
  return `M${point(from)}A${radius} ${radius} 0 ${(to - from) * SWEEP > 180 ? 1 : 0} 1 ${point(to)}`;
}
