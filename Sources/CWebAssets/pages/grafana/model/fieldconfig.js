// Field configuration: what a dashboard says of a value — unit, decimals, limits, thresholds, mappings, colour — with the overrides that
// match the field.

import { format, formatParts } from "../../system/format.js";
import { cssColor, thresholdColor } from "../../system/color.js";
import { fieldName } from "./frames.js";

/** @typedef {import("./frames.js").Field} Field @typedef {import("./frames.js").Frame} Frame */
/**
 * @typedef {object} FieldLook
 * @property {string} name
 * @property {string} [unit] @property {number|null} [decimals] @property {number} [min] @property {number} [max]
 * @property {{mode?: string, steps: {value: number|null, color: string}[]}} thresholds
 * @property {any[]} mappings @property {{mode?: string, fixedColor?: string, seriesBy?: string}} color @property {Record<string, any>} custom
 * @property {string} [noValue] @property {any[]} links @property {boolean} [renamed] whether the dashboard gave the name
 */

/**
 * The configuration of one field of a panel.
 * @param {any} panel @param {Field} field @param {Frame} frame @param {(text: string) => string} text puts variables into a name
 * @returns {FieldLook}
 */
export function lookOf(panel, field, frame, text) {
  const defaults = panel.fieldConfig?.defaults ?? {};
  const name = fieldName(field, frame);
  const look = { ...defaults, name, custom: { ...defaults.custom }, color: { ...defaults.color } };
  if (defaults.displayName) {
    look.name = displayName(defaults.displayName, field, name, text);
    look.renamed = true;
  }
  for (const override of panel.fieldConfig?.overrides ?? []) {
    if (!matches(override.matcher, field, frame, name)) continue;
    for (const { id, value } of override.properties ?? []) {
      if (id === "displayName") {
        look.name = displayName(value, field, name, text);
        look.renamed = true;
      } else if (id?.startsWith("custom.")) put(look.custom, id.slice(7).split("."), value);
      else if (id) put(look, id.split("."), value);
    }
  }
  const unit = look.unit === "" ? undefined : look.unit;
  return {
    ...look, unit, min: number(look.min), max: number(look.max), decimals: number(look.decimals) ?? null,
    thresholds: { mode: look.thresholds?.mode ?? "absolute", steps: (look.thresholds?.steps ?? []).map((step) => ({ value: step.value ?? null, color: step.color })) },
    mappings: look.mappings ?? [], links: look.links ?? [],
  };
}

const number = (value) => (value === null || value === undefined || value === "" || Number.isNaN(Number(value)) ? undefined : Number(value));

function put(target, path, value) {
  const last = path.pop();
  let at = target;
  for (const part of path) at = at[part] = { ...at[part] };
  at[last] = value;
}

function displayName(template, field, name, text) {
  const reference = /\$\{__field\.labels\.([^}]+)\}|\$\{__field\.(?:name|displayName)\}|\$\{__series\.name\}/g;
  const label = (written) => field.labels?.[written.replace(/^\["?|"?\]$/g, "")] ?? "";
  return text(template.replace(reference, (_, written) => (written ? label(written) : name)));
}

function matches(matcher, field, frame, name) {
  const wanted = matcher?.options;
  switch (matcher?.id) {
    case "byName": return wanted === name || wanted === field.name;
    case "byNames": {
      const among = (wanted?.names ?? []).includes(name) || (wanted?.names ?? []).includes(field.name);
      return wanted?.mode === "exclude" ? !among : among;
    }
    case "byRegexp": return pattern(String(wanted))?.test(name) ?? false;
    case "byType": return wanted === field.type;
    case "byFrameRefID": return wanted === frame.refId;
    default: return false;
  }
}

/** "/x/i" or "x" as a pattern; undefined when it is none. @param {string} text */
export function pattern(text) {
  const slashed = /^\/(.*)\/([a-z]*)$/s.exec(text);
  try {
    return slashed ? new RegExp(slashed[1], slashed[2].replace(/[^gimsuy]/g, "").replace("g", "")) : new RegExp(text);
  } catch {
    return undefined;
  }
}

/**
 * The text and colour that a mapping gives a value, if one does.
 * @param {FieldLook} look @param {any} value @returns {{text?: string, color?: string} | undefined}
 */
export function mapped(look, value) {
  for (const mapping of look.mappings) {
    const { type, options } = mapping;
    if (type === "value" && options?.[String(value)]) return options[String(value)];
    if (type === "range" && typeof value === "number" && value >= (options.from ?? -Infinity) && value <= (options.to ?? Infinity)) return options.result;
    if (type === "regex") {
      const expression = pattern(options.pattern);
      if (expression?.test(String(value))) return { ...options.result, text: options.result?.text ? String(value).replace(expression, options.result.text) : undefined };
    }
    if (type === "special" && special(options.match, value)) return options.result;
    // Before Grafana 8: {type: 1, value, text} and {type: 2, from, to, text}.
    const same = String(mapping.value) === String(value) || (mapping.value === "null" && Number.isNaN(value));
    if ((type === 1 || type === undefined) && mapping.text !== undefined && same) return { text: mapping.text };
    if (type === 2 && value >= Number(mapping.from) && value <= Number(mapping.to)) return { text: mapping.text };
  }
  return undefined;
}

function special(match, value) {
  const none = value === null || value === undefined;
  const nan = typeof value === "number" && Number.isNaN(value);
  return { null: none || nan, nan, "null+nan": none || nan, true: value === true, false: value === false, empty: value === "" }[match] ?? false;
}

/**
 * A value as the field shows it. @param {FieldLook} look @param {any} value
 * @returns {{text: string, head: string, number: string, unit: string, color?: string}} `text` whole, or in parts for big numbers
 */
export function shown(look, value) {
  const mapping = mapped(look, value);
  if (mapping?.text !== undefined && mapping.text !== "") return { text: mapping.text, head: "", number: mapping.text, unit: "", color: mapping.color && cssColor(mapping.color) };
  if (typeof value !== "number") {
    const text = value === null || value === undefined ? look.noValue ?? "–" : String(value);
    return { text, head: "", number: text, unit: "", color: mapping?.color && cssColor(mapping.color) };
  }
  if (Number.isNaN(value) && look.noValue) return { text: look.noValue, head: "", number: look.noValue, unit: "" };
  return { text: format(value, look.unit, look.decimals), ...formatParts(value, look.unit, look.decimals), color: mapping?.color && cssColor(mapping.color) };
}

/** The thresholds in the value's own scale: percentages are of the field's range. @param {FieldLook} look */
export function absoluteSteps(look) {
  if (look.thresholds.mode !== "percentage") return look.thresholds.steps;
  const [min, max] = [look.min ?? 0, look.max ?? 100];
  return look.thresholds.steps.map((step) => ({ ...step, value: step.value === null ? null : min + (step.value / 100) * (max - min) }));
}

/**
 * A value's colour where colours speak of values (thresholds, a fixed one, a mapping); undefined where they tell series apart.
 * @param {FieldLook} look @param {number} value
 */
export function valueColor(look, value) {
  const mapping = mapped(look, value)?.color;
  if (mapping) return cssColor(mapping);
  const mode = look.color.mode ?? "thresholds";
  if (mode === "fixed" && look.color.fixedColor) return cssColor(look.color.fixedColor);
  if (mode === "thresholds" && look.thresholds.steps.length) return thresholdColor(absoluteSteps(look), value, "var(--text)");
  return undefined;
}
