// States over time: a line a series, a block for as long as its value stays the same.

import { el, fill } from "../../system/dom.js";
import { ColorBook } from "../../system/color.js";
import { timeTicks } from "../../system/scale.js";
import { dateTime, duration } from "../../system/format.js";
import { shown, valueColor } from "../model/fieldconfig.js";
import { timeField } from "../model/frames.js";

const LINES = 60;

export class States {
  /** @param {HTMLElement} body @param {any} panel */
  constructor(body, panel) {
    this.panel = panel;
    this.colors = new ColorBook();
    this.element = el(".states");
    body.append(this.element);
  }

  /** @param {import("./answer.js").Answer} answer */
  show({ frames, range, look, noData }) {
    const lines = [];
    for (const frame of frames) {
      const time = timeField(frame);
      if (!time || !frame.length) continue;
      for (const field of frame.fields) {
        if (field.type === "time") continue;
        const config = look(field, frame);
        lines.push({ config, blocks: blocks(time.values, field.values, config, range, time.config.interval) });
      }
    }
    if (!lines.length) return fill(this.element, el("p.panel-note", noData));
    const texts = [...new Set(lines.flatMap((line) => line.blocks.map((block) => block.text)))];
    const palette = this.colors.assign(texts.map((name) => ({ name })));
    const left = (time) => `${Math.max(0, Math.min(1, (time - range.from) / (range.to - range.from))) * 100}%`;
    const width = (from, to) => `${((Math.min(range.to, to) - Math.max(range.from, from)) / (range.to - range.from)) * 100}%`;
    const block = (one) => el("span.state-block", {
      title: `${one.text} for ${duration((one.to - one.from) / 1000)}, from ${dateTime(one.from)}`,
      style: { left: left(one.from), width: width(one.from, one.to), "--color": one.color ?? palette[texts.indexOf(one.text)] },
    }, el("span", one.text));
    const ticks = timeTicks(range.from, range.to, this.element.clientWidth > 480 ? 6 : 3);
    fill(this.element,
      lines.slice(0, LINES).map(({ config, blocks: list }) => el(".state-line",
        el("span.state-name", { title: config.name }, config.name), el(".state-track", list.map(block)))),
      el(".state-axis", ticks.map(({ time, label }) => {
        const share = (time - range.from) / (range.to - range.from);
        return el("span", { style: { left: left(time), translate: share > 0.95 ? "-100%" : share < 0.05 ? "0" : "-50%" } }, label);
      })));
  }
}

function blocks(times, values, config, range, interval = 0) {
  const out = [];
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (value === null || value === "" || value !== value) continue;
    const { text, color } = shown(config, value);
    const end = at + 1 < times.length ? Math.min(times[at + 1], times[at] + (interval ? interval * 1.5 : Infinity)) : Math.min(range.to, times[at] + (interval || range.to - times[at]));
    const last = out[out.length - 1];
    if (last && last.text === text && last.to >= times[at]) last.to = end;
    else out.push({ from: times[at], to: end, text, color: color ?? (typeof value === "number" ? valueColor(config, value) : undefined) });
  }
  return out;
}
