// PromQL as the editor needs it: a lexer for colours and completion, and what functions, aggregations and keywords mean.

/** @typedef {"space"|"comment"|"string"|"number"|"duration"|"name"|"function"|"keyword"|"label"|"operator"|"bracket"|"unknown"} TokenKind */
/** @typedef {{kind: TokenKind, start: number, end: number, text: string}} Token */

/** name → [signature, what it does] @type {Record<string, [string, string]>} */
export const FUNCTIONS = {
  abs: ["abs(v)", "Absolute value of each sample."],
  absent: ["absent(v)", "1 when the vector is empty, for alerts on missing series."],
  absent_over_time: ["absent_over_time(v[range])", "1 when the range holds no sample."],
  acos: ["acos(v)", "Arc cosine."],
  acosh: ["acosh(v)", "Inverse hyperbolic cosine."],
  asin: ["asin(v)", "Arc sine."],
  asinh: ["asinh(v)", "Inverse hyperbolic sine."],
  atan: ["atan(v)", "Arc tangent."],
  atanh: ["atanh(v)", "Inverse hyperbolic tangent."],
  avg_over_time: ["avg_over_time(v[range])", "Average of each series over the range."],
  ceil: ["ceil(v)", "Rounds up."],
  changes: ["changes(v[range])", "How many times each series changed its value in the range."],
  clamp: ["clamp(v, min, max)", "Limits values to between min and max."],
  clamp_max: ["clamp_max(v, max)", "Limits values to at most max."],
  clamp_min: ["clamp_min(v, min)", "Limits values to at least min."],
  cos: ["cos(v)", "Cosine."],
  cosh: ["cosh(v)", "Hyperbolic cosine."],
  count_over_time: ["count_over_time(v[range])", "Number of samples of each series in the range."],
  day_of_month: ["day_of_month(v)", "Day of the month in UTC, 1 to 31."],
  day_of_week: ["day_of_week(v)", "Day of the week in UTC, 0 is Sunday."],
  day_of_year: ["day_of_year(v)", "Day of the year in UTC."],
  days_in_month: ["days_in_month(v)", "Number of days of the month in UTC."],
  deg: ["deg(v)", "Radians to degrees."],
  delta: ["delta(v[range])", "Difference between the last and the first value, for gauges."],
  deriv: ["deriv(v[range])", "Change a second by linear regression, for gauges."],
  double_exponential_smoothing: ["double_exponential_smoothing(v[range], sf, tf)", "Smoothed value, for gauges."],
  exp: ["exp(v)", "e to the power of each value."],
  first_over_time: ["first_over_time(v[range])", "Oldest sample of each series in the range."],
  floor: ["floor(v)", "Rounds down."],
  histogram_avg: ["histogram_avg(v)", "Average observation of native histograms."],
  histogram_count: ["histogram_count(v)", "Number of observations of native histograms."],
  histogram_fraction: ["histogram_fraction(low, high, v)", "Share of observations between low and high."],
  histogram_quantile: ["histogram_quantile(φ, v)", "The φ-quantile of a histogram, for example 0.95 over sum by (le) (rate(…_bucket[5m]))."],
  histogram_stddev: ["histogram_stddev(v)", "Standard deviation of native histograms."],
  histogram_stdvar: ["histogram_stdvar(v)", "Variance of native histograms."],
  histogram_sum: ["histogram_sum(v)", "Sum of the observations of native histograms."],
  hour: ["hour(v)", "Hour of the day in UTC."],
  idelta: ["idelta(v[range])", "Difference of the last two samples."],
  increase: ["increase(v[range])", "How much a counter grew over the range, resets considered."],
  info: ["info(v, {selector})", "Adds the labels of matching info series."],
  irate: ["irate(v[range])", "Growth a second of a counter between its last two samples."],
  label_join: ["label_join(v, dst, separator, src…)", "Joins labels into a new one."],
  label_replace: ["label_replace(v, dst, replacement, src, regex)", "Sets a label from a part of another."],
  last_over_time: ["last_over_time(v[range])", "Newest sample of each series in the range."],
  ln: ["ln(v)", "Natural logarithm."],
  log10: ["log10(v)", "Decimal logarithm."],
  log2: ["log2(v)", "Binary logarithm."],
  mad_over_time: ["mad_over_time(v[range])", "Median absolute deviation over the range."],
  max_over_time: ["max_over_time(v[range])", "Greatest value of each series over the range."],
  min_over_time: ["min_over_time(v[range])", "Least value of each series over the range."],
  minute: ["minute(v)", "Minute of the hour in UTC."],
  month: ["month(v)", "Month of the year in UTC."],
  pi: ["pi()", "π."],
  predict_linear: ["predict_linear(v[range], seconds)", "Value expected so many seconds from now, by linear regression."],
  present_over_time: ["present_over_time(v[range])", "1 for every series with a sample in the range."],
  quantile_over_time: ["quantile_over_time(φ, v[range])", "The φ-quantile of each series' values over the range."],
  rad: ["rad(v)", "Degrees to radians."],
  rate: ["rate(v[range])", "Average growth a second of a counter over the range, resets considered."],
  resets: ["resets(v[range])", "How many times a counter started again in the range."],
  round: ["round(v, to_nearest)", "Rounds to the nearest multiple."],
  scalar: ["scalar(v)", "The value of a vector with one series, as a number."],
  sgn: ["sgn(v)", "Sign: −1, 0 or 1."],
  sin: ["sin(v)", "Sine."],
  sinh: ["sinh(v)", "Hyperbolic sine."],
  sort: ["sort(v)", "Sorts by value, ascending."],
  sort_by_label: ["sort_by_label(v, label…)", "Sorts by labels, ascending."],
  sort_by_label_desc: ["sort_by_label_desc(v, label…)", "Sorts by labels, descending."],
  sort_desc: ["sort_desc(v)", "Sorts by value, descending."],
  sqrt: ["sqrt(v)", "Square root."],
  stddev_over_time: ["stddev_over_time(v[range])", "Standard deviation over the range."],
  stdvar_over_time: ["stdvar_over_time(v[range])", "Variance over the range."],
  sum_over_time: ["sum_over_time(v[range])", "Sum of each series' samples over the range."],
  tan: ["tan(v)", "Tangent."],
  tanh: ["tanh(v)", "Hyperbolic tangent."],
  time: ["time()", "Seconds since 1970 at the moment evaluated."],
  timestamp: ["timestamp(v)", "The moment of each sample, in seconds."],
  vector: ["vector(s)", "A number as a vector without labels."],
  year: ["year(v)", "Year in UTC."],
};

/** @type {Record<string, [string, string]>} */
export const AGGREGATIONS = {
  avg: ["avg by (label) (v)", "Average over the series of each group."],
  bottomk: ["bottomk(k, v)", "The k series with the least values."],
  count: ["count by (label) (v)", "Number of series in each group."],
  count_values: ["count_values(label, v)", "Number of series with each value."],
  group: ["group by (label) (v)", "1 for each group."],
  limit_ratio: ["limit_ratio(r, v)", "A share of the series, always the same ones."],
  limitk: ["limitk(k, v)", "Any k series."],
  max: ["max by (label) (v)", "Greatest value of each group."],
  min: ["min by (label) (v)", "Least value of each group."],
  quantile: ["quantile(φ, v)", "The φ-quantile over the series of each group."],
  stddev: ["stddev by (label) (v)", "Standard deviation over each group."],
  stdvar: ["stdvar by (label) (v)", "Variance over each group."],
  sum: ["sum by (label) (v)", "Sum over the series of each group."],
  topk: ["topk(k, v)", "The k series with the greatest values."],
};

/** @type {Record<string, string>} */
export const KEYWORDS = {
  by: "Keep only these labels.",
  without: "Keep all labels but these.",
  on: "Match series on these labels only.",
  ignoring: "Match series on all labels but these.",
  group_left: "Many series on the left match one on the right.",
  group_right: "One series on the left matches many on the right.",
  and: "Series that are on both sides.",
  or: "Series of the left, and those of the right that the left lacks.",
  unless: "Series of the left that the right lacks.",
  bool: "Compare to 0 or 1 instead of filtering.",
  offset: "Look so far into the past.",
  atan2: "Angle of the two values.",
  inf: "Infinity.",
  nan: "Not a number.",
  start: "The start of the range, after @.",
  end: "The end of the range, after @.",
};

const LABEL_LISTS = new Set(["by", "without", "on", "ignoring", "group_left", "group_right"]);
const PIECE = new RegExp([
  /(\s+)/,
  /(#[^\n]*)/,
  /("(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|`[^`]*`?)/,
  /((?:\d+(?:ms|[smhdwy]))+(?![a-zA-Z0-9_]))/,
  /(0x[\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/,
  /([a-zA-Z_:][a-zA-Z0-9_:]*)/,
  /(=~|!~|==|!=|<=|>=|[-+*/%^=<>@,:])/,
  /([(){}[\]])/,
  /([\s\S])/,
].map((piece) => piece.source).join("|"), "g");
/** @type {TokenKind[]} */
const KINDS = ["space", "comment", "string", "duration", "number", "name", "operator", "bracket", "unknown"];

/** The tokens of an expression; every character belongs to exactly one. @param {string} text @returns {Token[]} */
export function tokenize(text) {
  /** @type {Token[]} */
  const tokens = [];
  /** What each open bracket holds. @type {string[]} */
  const inside = [];
  let before = "";
  for (const match of text.matchAll(PIECE)) {
    const piece = match[0];
    let kind = KINDS[match.slice(1).findIndex((group) => group !== undefined)];
    if (kind === "bracket") {
      if (piece === "(") inside.push(LABEL_LISTS.has(before) ? "labels" : "call");
      else if (piece === "{") inside.push("matchers");
      else if (piece === "[") inside.push("range");
      else inside.pop();
    } else if (kind === "name") {
      const place = inside.at(-1);
      const after = text.slice(match.index + piece.length);
      const next = /^\s*\(/.test(after);
      if (place === "labels" || place === "matchers") kind = "label";
      else if (KEYWORDS[piece.toLowerCase()] && !(next && FUNCTIONS[piece])) kind = "keyword";
      else if (FUNCTIONS[piece] ? next : AGGREGATIONS[piece] && (next || /^\s*(by|without)\b/.test(after))) kind = "function";
    }
    tokens.push({ kind, start: match.index, end: match.index + piece.length, text: piece });
    if (kind !== "space" && kind !== "comment") before = piece.toLowerCase();
  }
  return tokens;
}

/**
 * Where the cursor stands, and what can be written there.
 * @typedef {{kind: "expression"|"label"|"value"|"range"|"none", prefix: string, from: number, metric: string, label: string}} Place `prefix` is what is typed already, from `from` to the cursor
 * @param {string} text @param {number} cursor @returns {Place}
 */
export function placeAt(text, cursor) {
  const before = text.slice(0, cursor);
  const tokens = tokenize(before).filter((token) => token.kind !== "space");
  const last = tokens.at(-1);
  const touching = last && last.end === cursor ? last : null;
  const nowhere = { kind: /** @type {const} */ ("none"), prefix: "", from: cursor, metric: "", label: "" };
  if (touching?.kind === "comment") return nowhere;
  const context = enclosing(tokens);
  if (touching?.kind === "string" && !closed(touching.text)) {
    if (context.kind !== "matchers") return nowhere;
    return { kind: "value", prefix: touching.text.slice(1), from: touching.start + 1, metric: context.metric, label: tokens.at(-3)?.text ?? "" };
  }
  const word = touching && ["name", "label", "function", "keyword"].includes(touching.kind) ? touching : null;
  const [prefix, from] = word ? [word.text, word.start] : ["", cursor];
  const previous = word ? tokens.at(-2) : last;
  if (context.kind === "matchers") {
    return previous && (previous.text === "{" || previous.text === ",") ? {
      kind: "label", prefix, from, metric: context.metric, label: "",
    } : nowhere;
  }
  if (context.kind === "labels") return { kind: "label", prefix, from, metric: metricsIn(text)[0] ?? "", label: "" };
  if (context.kind === "range") {
    const typed = touching && (touching.kind === "number" || touching.kind === "duration") ? touching : null;
    return { kind: "range", prefix: typed?.text ?? "", from: typed?.start ?? cursor, metric: "", label: "" };
  }
  if (touching && !word && !["operator", "bracket"].includes(touching.kind)) return nowhere;
  if (touching?.kind === "bracket" && /[)\]}]/.test(touching.text)) return nowhere;
  return { kind: "expression", prefix, from, metric: "", label: "" };
}

function enclosing(tokens) {
  const open = [];
  tokens.forEach((token, index) => {
    if (token.kind !== "bracket") return;
    const word = tokens[index - 1];
    if (token.text === "{") open.push({ kind: "matchers", metric: word?.kind === "name" ? word.text : "" });
    else if (token.text === "[") open.push({ kind: "range", metric: "" });
    else if (token.text === "(") open.push({ kind: LABEL_LISTS.has(word?.text.toLowerCase()) ? "labels" : "call", metric: "" });
    else open.pop();
  });
  return open.at(-1) ?? { kind: "call", metric: "" };
}

const closed = (text) => text.length > 1 && text.at(-1) === text[0] && text.at(-2) !== "\\";

/** The metric names an expression mentions, each once. @param {string} text */
export const metricsIn = (text) => [...new Set(tokenize(text).filter((token) => token.kind === "name").map((token) => token.text))];

/**
 * The unit an expression's values most likely have, from the names of metrics and the functions around them.
 * @param {string} text @returns {string} one of Grafana's unit ids
 */
export function guessUnit(text) {
  const tokens = tokenize(text).filter((token) => token.kind !== "space" && token.kind !== "comment");
  const functions = new Set(tokens.filter((token) => token.kind === "function").map((token) => token.text));
  if (tokens.some((token) => token.kind === "operator" && /^([*/^%<>]|==|<=|>=)$/.test(token.text))) return "short";
  if (["count", "absent", "changes", "resets", "group", "count_values"].some((name) => functions.has(name))) return "short";
  const units = new Set(metricsIn(text).map(unitOfMetric));
  if (units.size !== 1) return "short";
  const [unit] = units;
  const perSecond = functions.has("rate") || functions.has("irate") || functions.has("deriv");
  if (functions.has("histogram_quantile")) return unit;
  if (!perSecond) return unit;
  return unit === "bytes" ? "binBps" : "short";
}

function unitOfMetric(name) {
  const plain = name.replace(/_(total|sum|bucket)$/, "");
  if (name.endsWith("_count")) return "short";
  if (/_bytes$/.test(plain)) return "bytes";
  if (/_timestamp(_seconds)?$|_time_seconds$/.test(plain)) return /timestamp|start_time|boot_time/.test(plain) ? "short" : "s";
  if (/_seconds$/.test(plain)) return "s";
  if (/_(milliseconds|ms)$/.test(plain)) return "ms";
  if (/_ratio$/.test(plain)) return "percentunit";
  if (/_percent$/.test(plain)) return "percent";
  if (/_celsius$/.test(plain)) return "celsius";
  if (/_hertz$/.test(plain)) return "hertz";
  return "short";
}
