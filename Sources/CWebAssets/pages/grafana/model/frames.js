// Data frames as the query API sends them, turned into columns.

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {"time"|"number"|"string"|"boolean"} type
 * @property {Record<string, string>} [labels]
 * @property {{displayNameFromDS?: string, interval?: number, [key: string]: any}} config
 * @property {Float64Array | any[]} values numbers and times in a Float64Array, NaN for none
 */
/** @typedef {{refId: string, fields: Field[], length: number, meta: any}} Frame */

const ENTITIES = { NaN: NaN, Inf: Infinity, NegInf: -Infinity };

/** @param {any} json one frame: `{schema, data}` @param {string} refId @returns {Frame} */
export function readFrame(json, refId) {
  const values = json.data?.values ?? [];
  const fields = (json.schema?.fields ?? []).map((field, at) => {
    const column = values[at] ?? [];
    const numeric = field.type === "number" || field.type === "time";
    const read = { name: field.name ?? "", type: field.type ?? "string", labels: field.labels, config: { ...field.config }, values: numeric ? numbers(column) : column };
    for (const [name, places] of Object.entries(json.data?.entities?.[at] ?? {})) for (const place of places) read.values[place] = ENTITIES[name];
    return read;
  });
  return { refId: json.schema?.refId ?? refId, fields, length: values[0]?.length ?? 0, meta: json.schema?.meta ?? {} };
}

/** @param {(number|null)[]} column */
function numbers(column) {
  const out = new Float64Array(column.length);
  for (let i = 0; i < column.length; i++) out[i] = column[i] ?? NaN;
  return out;
}

export const timeField = (/** @type {Frame} */ frame) => frame.fields.find((field) => field.type === "time");
export const numberFields = (/** @type {Frame} */ frame) => frame.fields.filter((field) => field.type === "number");

/**
 * What a field is called, before a panel renames it: the legend, else its name with the labels that tell it apart.
 * @param {Field} field @param {Frame} frame
 */
export function fieldName(field, frame) {
  if (field.config.displayNameFromDS) return field.config.displayNameFromDS;
  const labels = Object.entries(field.labels ?? {}).filter(([key]) => key !== "__name__");
  const named = field.name && field.name !== "Value" ? field.name : field.labels?.__name__ ?? "";
  if (!labels.length) return named || field.name || frame.refId;
  return `${named}{${labels.map(([key, value]) => `${key}="${value}"`).join(", ")}}`;
}
