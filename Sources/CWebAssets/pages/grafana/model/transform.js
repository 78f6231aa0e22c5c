// Transformations of a panel's frames before they are shown, in the order the dashboard gives.

import { fieldName, numberFields, timeField } from "./frames.js";
import { pattern } from "./fieldconfig.js";
import { calcLabel, reduce } from "./reduce.js";

/** @typedef {import("./frames.js").Frame} Frame @typedef {import("./frames.js").Field} Field */

/** @type {Record<string, (frames: Frame[], options: any) => Frame[]>} */
const KNOWN = {
  organize, merge, sortBy, limit, filterFieldsByName, renameByRegex, reduce: reduceFrames, joinByField, seriesToColumns: joinByField, labelsToFields,
  filterByRefId, filterByValue, groupBy, calculateField,
};

/**
 * @param {Frame[]} frames @param {{id: string, options?: any, disabled?: boolean}[] | undefined} list
 * @returns {{frames: Frame[], skipped: string[]}} `skipped` names those that are not known here
 */
export function transform(frames, list) {
  const skipped = [];
  for (const { id, options, disabled } of list ?? []) {
    if (disabled) continue;
    if (KNOWN[id]) frames = KNOWN[id](frames, options ?? {});
    else skipped.push(id);
  }
  return { frames, skipped };
}

const build = (/** @type {Frame} */ frame, /** @type {Field[]} */ fields, length = frame.length) => ({ ...frame, fields, length });

/** @param {Field} field @param {number[]} order */
function picked(field, order) {
  const values = field.values instanceof Float64Array ? Float64Array.from(order, (at) => field.values[at]) : order.map((at) => field.values[at]);
  return { ...field, values };
}

const named = (frame, field) => (field.config.displayName ?? fieldName(field, frame));
const isNamed = (frame, field, name) => field.name === name || named(frame, field) === name;

function organize(frames, { excludeByName = {}, indexByName = {}, renameByName = {} }) {
  return frames.map((frame) => {
    const known = (table, field) => table[field.name] ?? table[named(frame, field)];
    const kept = frame.fields.filter((field) => !known(excludeByName, field));
    const place = (field, at) => known(indexByName, field) ?? 1000 + at;
    const order = kept.map((field, at) => ({ field, at: place(field, at) })).sort((a, b) => a.at - b.at);
    return build(frame, order.map(({ field }) => {
      const name = known(renameByName, field);
      return name ? { ...field, config: { ...field.config, displayNameFromDS: name } } : field;
    }));
  });
}

/** One table of all frames; rows that agree in every shared text and time become one. */
function merge(frames) {
  if (frames.length < 2) return frames;
  /** @type {Map<string, Field>} */
  const columns = new Map();
  /** @type {Map<string, Record<string, any>>} */
  const rows = new Map();
  const values = frames.flatMap(numberFields).map((field) => field.name);
  for (const frame of frames) {
    const column = (field) => (field.type === "number" && values.filter((name) => name === field.name).length > 1 && frame.refId ? `${field.name} #${frame.refId}` : field.name);
    for (const field of frame.fields) if (!columns.has(column(field))) columns.set(column(field), { ...field, name: column(field) });
    for (let at = 0; at < frame.length; at++) {
      const key = frame.fields.filter((field) => field.type !== "number").map((field) => `${field.name}=${field.values[at]}`).sort().join("\n");
      const row = rows.get(key) ?? {};
      for (const field of frame.fields) row[column(field)] = field.values[at];
      rows.set(key, row);
    }
  }
  return [fromRows(frames[0], [...columns.values()], [...rows.values()])];
}

function fromRows(frame, fields, rows) {
  return build(frame, fields.map((field) => ({
    ...field, values: field.type === "number" || field.type === "time" ? Float64Array.from(rows, (row) => row[field.name] ?? NaN) : rows.map((row) => row[field.name] ?? ""),
  })), rows.length);
}

function sortBy(frames, { sort = [] }) {
  const [{ field: name, desc = false } = {}] = sort;
  if (!name) return frames;
  return frames.map((frame) => {
    const by = frame.fields.find((field) => isNamed(frame, field, name));
    if (!by) return frame;
    const order = Array.from({ length: frame.length }, (_, at) => at).sort((a, b) => compare(by.values[a], by.values[b]) * (desc ? -1 : 1));
    return build(frame, frame.fields.map((field) => picked(field, order)));
  });
}

/** Numbers by size with none last, texts by letters with their numbers by size. */
export function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return Number.isNaN(a) ? (Number.isNaN(b) ? 0 : 1) : Number.isNaN(b) ? -1 : a - b;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}

function limit(frames, { limitField = 10 }) {
  const most = Number(limitField);
  const order = (frame) => Array.from({ length: Math.min(frame.length, most) }, (_, at) => at);
  return frames.map((frame) => build(frame, frame.fields.map((field) => picked(field, order(frame))), Math.min(frame.length, most)));
}

function filterFieldsByName(frames, { include, exclude }) {
  const hits = (rule, frame, field) => (rule?.names ?? []).some((name) => isNamed(frame, field, name)) || (rule?.pattern ? pattern(rule.pattern)?.test(named(frame, field)) ?? false : false);
  return frames.map((frame) => build(frame, frame.fields.filter((field) => (!include || hits(include, frame, field)) && !(exclude && hits(exclude, frame, field)))));
}

function renameByRegex(frames, { regex = "(.*)", renamePattern = "$1" }) {
  const expression = pattern(regex);
  if (!expression) return frames;
  return frames.map((frame) => build(
    frame,
    frame.fields.map((field) => (field.type === "time" ? field : {
      ...field, config: { ...field.config, displayNameFromDS: named(frame, field).replace(expression, renamePattern) },
    })),
  ));
}

function reduceFrames(frames, { reducers = ["max"], mode = "seriesToRows", labelsToFields: withLabels = false }) {
  const fields = frames.flatMap((frame) => numberFields(frame).map((field) => ({ frame, field })));
  if (mode === "reduceFields") return [build(frames[0], fields.map(({ field }) => ({ ...field, values: Float64Array.of(reduce(field.values, reducers[0])) })), 1)];
  const labels = withLabels ? [...new Set(fields.flatMap(({ field }) => Object.keys(field.labels ?? {}).filter((key) => key !== "__name__")))] : [];
  const text = (name, values) => ({ name, type: /** @type {const} */ ("string"), config: {}, values });
  return [{
    refId: frames[0]?.refId ?? "A", meta: {}, length: fields.length,
    fields: [text("Field", fields.map(({ frame, field }) => named(frame, field))), ...labels.map((label) => text(label, fields.map(({ field }) => field.labels?.[label] ?? ""))),
      ...reducers.map((calc) => ({
        name: calcLabel(calc), type: /** @type {const} */ ("number"), config: {},
        values: Float64Array.from(fields, ({ field }) => Number(reduce(field.values, calc))),
      }))],
  }];
}

/** Frames side by side on one column, usually time. */
function joinByField(frames, { byField, mode = "outer" }) {
  if (frames.length < 2) return frames;
  const keyOf = (frame) => (byField ? frame.fields.find((field) => isNamed(frame, field, byField)) : undefined) ?? timeField(frame) ?? frame.fields[0];
  const all = new Map();
  for (const frame of frames) for (const value of keyOf(frame).values) all.set(value, (all.get(value) ?? 0) + 1);
  const keys = [...all].filter(([, count]) => mode === "outer" || count >= frames.length).map(([key]) => key).sort(compare);
  const first = keyOf(frames[0]);
  const fields = [{ ...first, values: first.values instanceof Float64Array ? Float64Array.from(keys) : keys }];
  for (const frame of frames) {
    const key = keyOf(frame);
    const at = new Map(Array.from(key.values, (value, index) => [value, index]));
    for (const field of frame.fields) {
      if (field === key) continue;
      const values = keys.map((value) => (at.has(value) ? field.values[at.get(value)] : field.type === "number" ? NaN : ""));
      fields.push({ ...field, config: { ...field.config, displayNameFromDS: named(frame, field) }, values: field.type === "number" ? Float64Array.from(values) : values });
    }
  }
  return [build(frames[0], fields, keys.length)];
}

/** Series as rows: a column for each label. */
function labelsToFields(frames) {
  return frames.map((frame) => {
    const labelled = frame.fields.find((field) => field.labels && Object.keys(field.labels).length);
    if (!labelled) return frame;
    const extra = Object.entries(labelled.labels).filter(([key]) => key !== "__name__").map(([key, value]) => ({
      name: key, type: /** @type {const} */ ("string"), config: {}, values: new Array(frame.length).fill(value),
    }));
    return build(
      frame,
      [
        ...frame.fields.filter((field) => field.type === "time"), ...extra,
        ...frame.fields.filter((field) => field.type !== "time").map((field) => ({
          ...field, labels: undefined, config: { ...field.config, displayNameFromDS: undefined },
        })),
      ],
    );
  });
}

function filterByRefId(frames, { include }) {
  const wanted = include ? pattern(include) : undefined;
  return wanted ? frames.filter((frame) => wanted.test(frame.refId)) : frames;
}

const TESTS = {
  greater: (value, { value: other }) => value > other, greaterOrEqual: (value, { value: other }) => value >= other,
  lower: (value, { value: other }) => value < other, lowerOrEqual: (value, { value: other }) => value <= other,
  equal: (value, { value: other }) => String(value) === String(other), notEqual: (value, { value: other }) => String(value) !== String(other),
  between: (value, { from, to }) => value >= from && value <= to,
  isNull: (value) => value === null || value === "" || Number.isNaN(value),
  isNotNull: (value) => !(value === null || value === "" || Number.isNaN(value)),
  regex: (value, { value: text }) => pattern(text)?.test(String(value)) ?? true,
};

function filterByValue(frames, { filters = [], match = "any", type = "include" }) {
  return frames.map((frame) => {
    const tests = filters.map(({ fieldName: name, config }) => ({
      field: frame.fields.find((field) => isNamed(frame, field, name)), test: TESTS[config?.id], options: config?.options ?? {},
    })).filter(({ field, test }) => field && test);
    if (!tests.length) return frame;
    const order = [];
    for (let at = 0; at < frame.length; at++) {
      const hits = tests.filter(({ field, test, options }) => test(field.values[at], options)).length;
      if ((match === "all" ? hits === tests.length : hits > 0) === (type === "include")) order.push(at);
    }
    return build(frame, frame.fields.map((field) => picked(field, order)), order.length);
  });
}

function groupBy(frames, { fields: rules = {} }) {
  return frames.map((frame) => {
    const ruleOf = (field) => rules[field.name] ?? rules[named(frame, field)];
    const keys = frame.fields.filter((field) => ruleOf(field)?.operation === "groupby");
    if (!keys.length) return frame;
    const groups = new Map();
    for (let at = 0; at < frame.length; at++) {
      const key = keys.map((field) => field.values[at]).join("\n");
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(at);
    }
    const lists = [...groups.values()];
    const made = keys.map((field) => picked(field, lists.map((list) => list[0])));
    for (const field of frame.fields) {
      const rule = ruleOf(field);
      if (rule?.operation !== "aggregate") continue;
      for (const calc of rule.aggregations ?? []) made.push({
        ...field, type: "number", name: `${named(frame, field)} (${calcLabel(calc).toLowerCase()})`, config: {},
        values: Float64Array.from(lists, (list) => Number(reduce(picked(field, list).values, calc))),
      });
    }
    return build(frame, made, lists.length);
  });
}

function calculateField(frames, { mode = "reduceRow", binary, reduce: over, alias, replaceFields = false }) {
  return frames.map((frame) => {
    const numeric = numberFields(frame);
    const sum = (/** @type {number} */ at) => {
      if (mode !== "binary") return Number(reduce(
        numeric.filter((field) => !over?.include?.length || over.include.some((name) => isNamed(frame, field, name))).map((field) => field.values[at]),
        over?.reducer ?? "sum",
      ));
      const side = (value) => { const field = numeric.find(
        (one) => isNamed(frame, one, value?.matcher?.options ?? value),
      ); return field ? field.values[at] : Number(value?.fixed ?? value); };
      const [a, b] = [side(binary?.left), side(binary?.right)];
      return { "+": a + b, "-": a - b, "*": a * b, "/": a / b, "%": a % b, "**": a ** b }[binary?.operator ?? "+"] ?? NaN;
    };
    const made = {
      name: alias || (mode === "binary" ? "Result" : calcLabel(over?.reducer ?? "sum")), type: /** @type {const} */ ("number"), config: {},
      values: Float64Array.from({ length: frame.length }, (_, at) => sum(at)),
    };
    return build(frame, [...(replaceFields ? frame.fields.filter((field) => field.type === "time") : frame.fields), made]);
  });
}
