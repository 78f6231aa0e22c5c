// Variables put into text: `$name`, `${name}`, `${name:format}`, `[[name]]`, as Grafana writes them. The built-in intervals
// ($__rate_interval and its relatives) stay in queries: the server knows the step that it will take.

/**
 * @typedef {object} Variable what a variable stands for
 * @property {string[]} values what queries get; several where it allows many
 * @property {string[]} texts what people see
 * @property {boolean} many whether it may hold several, so that a matcher gets a pattern
 * @property {string} [all] a text that stands for all of them, where the dashboard names one
 */
/** @typedef {(name: string) => Variable | undefined} Lookup */

const REFERENCE = /\$(\w+)|\$\{(\w+)(?:\.([^:^}]+))?(?::([^}]+))?\}|\[\[(\w+?)(?::(\w+))?\]\]/g;

/**
 * @param {string} text @param {Lookup} lookup
 * @param {"query"|"text"} [purpose] a query gets values fit for PromQL, a text gets what people see
 */
export function interpolate(text, lookup, purpose = "query") {
  if (!text.includes("$") && !text.includes("[[")) return text;
  return text.replace(REFERENCE, (whole, plain, braced, _path, format, bracketed, bracketFormat) => {
    const variable = lookup(plain ?? braced ?? bracketed);
    if (!variable) return whole;
    return written(variable, format ?? bracketFormat ?? (purpose === "text" ? "text" : ""));
  });
}

/** Whether the text mentions a variable. @param {string} text @param {string} name */
export function mentions(text, name) {
  for (const [, plain, braced, , , bracketed] of text.matchAll(REFERENCE)) if ((plain ?? braced ?? bracketed) === name) return true;
  return false;
}

/** @param {Variable} variable @param {string} format */
function written({ values, texts, many, all }, format) {
  if (all !== undefined && format !== "text") return all;
  switch (format) {
    case "text": return texts.join(" + ");
    case "raw": case "csv": return values.join(",");
    case "pipe": return values.join("|");
    case "regex": return many && values.length > 1 ? `(${values.map(escapePattern).join("|")})` : escapePattern(values[0] ?? "");
    case "glob": return values.length > 1 ? `{${values.join(",")}}` : values[0] ?? "";
    case "json": return JSON.stringify(many ? values : values[0] ?? "");
    case "doublequote": return values.map((value) => `"${value}"`).join(",");
    case "singlequote": return values.map((value) => `'${value}'`).join(",");
    case "percentencode": return encodeURIComponent(values.join(","));
    case "queryparam": return values.map(encodeURIComponent).join("&");
  }
  if (!many) return escapeQuotes(values[0] ?? "");
  const patterns = values.map((value) => escapeQuotes(escapePattern(value)));
  return patterns.length === 1 ? patterns[0] : `(${patterns.join("|")})`;
}

const escapePattern = (/** @type {string} */ text) => text.replace(/[\\^$*+?.()|[\]{}]/g, "\\$&");
const escapeQuotes = (/** @type {string} */ text) => text.replace(/[\\"]/g, "\\$&");
