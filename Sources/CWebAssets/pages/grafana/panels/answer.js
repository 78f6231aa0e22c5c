// What a panel's picture is made of: frames with their looks, and the reductions that stat-like pictures share.

import { fieldName, numberFields, timeField } from "../model/frames.js";
import { pattern } from "../model/fieldconfig.js";
import { reduce } from "../model/reduce.js";

/** @typedef {import("../model/frames.js").Frame} Frame @typedef {import("../model/frames.js").Field} Field @typedef {import("../model/fieldconfig.js").FieldLook} FieldLook */
/**
 * @typedef {object} Answer
 * @property {Frame[]} frames
 * @property {{from: number, to: number}} range milliseconds
 * @property {(field: Field, frame: Frame) => FieldLook} look
 * @property {import("../annotations.js").Mark[]} marks
 * @property {string} noData the sentence for an empty picture
 */
/**
 * A picture: what a kind of panel draws into its body.
 * @typedef {object} Picture
 * @property {(answer: Answer) => void} show
 * @property {() => void} [loading]
 * @property {() => void} [destroy]
 * @property {(sentence: string, query?: string) => void} [error] where the picture itself knows how to say it
 */
/** @typedef {{title: string, group: string, time: import("../../system/time.js").TimeState, text: (text: string) => string, pinActions: (point: any) => any[]}} Surroundings */
/** @typedef {{name: string, value: any, look: FieldLook, field: Field, frame: Frame}} Reduced */

/**
 * One value for each field (or each row) that the panel's reduce options choose.
 * @param {any} panel @param {Answer} answer @returns {Reduced[]}
 */
export function reduced(panel, answer) {
  const { calcs = ["lastNotNull"], values: everyRow = false, fields: wanted = "", limit = 25 } = panel.options?.reduceOptions ?? {};
  const expression = wanted && wanted !== "/.*/" ? pattern(wanted) : undefined;
  const out = [];
  for (const frame of answer.frames) {
    const texts = frame.fields.filter((field) => field.type === "string");
    for (const field of wanted ? frame.fields.filter((one) => one.type !== "time") : numberFields(frame)) {
      const look = answer.look(field, frame);
      if (look.custom.hideFrom?.viz) continue;
      if (expression && !expression.test(look.name) && wanted !== look.name && wanted !== field.name) continue;
      if (everyRow) {
        for (let row = 0; row < Math.min(frame.length, limit); row++) out.push({ name: texts[0] ? String(texts[0].values[row]) : look.name, value: field.values[row], look, field, frame });
      } else if (frame.length) {
        const name = look.renamed || !texts.length || field.config.displayNameFromDS ? look.name : texts.map((text) => text.values[0]).filter(Boolean).join(" ") || fieldName(field, frame);
        out.push({ name, value: reduce(field.values, calcs[0] ?? "lastNotNull"), look, field, frame });
      }
    }
  }
  return out.slice(0, 200);
}

/** A sparkline's columns for a reduced value, if it has a history. @param {Reduced} one */
export function history({ field, frame }) {
  const time = timeField(frame);
  return time && field.values instanceof Float64Array && field.values.length > 1 ? { times: /** @type {Float64Array} */ (time.values), values: field.values } : null;
}

/** The range that bars and gauges fill: the field's own, else 0 to the greatest value of all. @param {Reduced[]} list */
export function rangeOf(list) {
  const numbers = list.map((one) => one.value).filter((value) => Number.isFinite(value));
  return (/** @type {FieldLook} */ look) => {
    const percent = look.unit === "percent" ? 100 : look.unit === "percentunit" ? 1 : undefined;
    const min = look.min ?? Math.min(0, ...numbers);
    const max = look.max ?? percent ?? Math.max(...numbers, min + 1e-9);
    return { min, max: max > min ? max : min + 1 };
  };
}
