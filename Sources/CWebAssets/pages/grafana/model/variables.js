// A dashboard's variables: what they may be, what they are, and what the URL says of it (`var-name=value`, once a value).

import { parseDuration } from "../../system/format.js";
import { dataSources, prometheusThrough } from "../api.js";
import { pattern } from "./fieldconfig.js";
import { interpolate, mentions } from "./interpolate.js";

/** @typedef {{text: string, value: string}} Option */
/** @typedef {import("./interpolate.js").Variable} Current */

const ALL = "$__all";
const AUTO = "$__auto_interval_";

/** One variable. */
export class DashboardVariable {
  /** @param {any} json */
  constructor(json) {
    this.json = json;
    this.name = json.name;
    this.label = json.label || json.name;
    this.type = json.type;
    this.many = Boolean(json.multi || json.includeAll);
    this.multi = Boolean(json.multi);
    this.includeAll = Boolean(json.includeAll);
    /** 0 shown, 1 without label, 2 hidden. */
    this.hide = json.type === "constant" ? 2 : Number(json.hide ?? 0);
    /** @type {Option[]} */
    this.options = [];
    /** Values as in the URL; `$__all` for all. @type {string[]} */
    this.chosen = [].concat(json.current?.value ?? []).map(String).filter((value) => value !== "");
    /** What went wrong while the options were asked for. */
    this.problem = "";
  }

  get isAll() { return this.chosen.includes(ALL); }

  /** What it stands for now. @returns {Current} */
  get current() {
    if (this.isAll) {
      const values = this.options.filter((option) => option.value !== ALL);
      const all = this.json.allValue ? String(this.json.allValue) : undefined;
      return { values: values.map((option) => option.value), texts: ["All"], many: true, all: all ?? (values.length ? undefined : ".*") };
    }
    const texts = this.chosen.map((value) => this.options.find((option) => option.value === value)?.text ?? value);
    return { values: this.chosen, texts, many: this.many };
  }

  /** Its values one by one, for panels that repeat. */
  get each() { return this.isAll ? this.options.filter((option) => option.value !== ALL).map((option) => option.value) : this.chosen; }

  /** The sentence of the dropdown's button. */
  get summary() {
    const { texts } = this.current;
    return texts.length > 2 ? `${texts.length} selected` : texts.join(" + ") || "none";
  }
}

/** The variables of a dashboard, in their order. */
export class Variables {
  /** @param {any} dashboard */
  constructor(dashboard) {
    this.list = (dashboard.templating?.list ?? []).filter((json) => json.name).map((json) => new DashboardVariable(json));
    /** @type {import("./interpolate.js").Lookup} */
    this.lookup = (name) => this.list.find((variable) => variable.name === name)?.current;
  }

  /**
   * A lookup in which some variables have one value, for repeated panels.
   * @param {Record<string, string>} scoped @param {Record<string, string>} [more] built-in ones
   * @returns {import("./interpolate.js").Lookup}
   */
  scoped(scoped, more = {}) {
    return (name) => {
      const one = scoped[name] ?? more[name];
      return one === undefined ? this.lookup(name) : { values: [one], texts: [one], many: name in scoped && (this.list.find((variable) => variable.name === name)?.many ?? false) };
    };
  }

  /** Takes the URL's values. @param {URLSearchParams} query */
  read(query) {
    for (const variable of this.list) {
      const given = query.getAll(`var-${variable.name}`);
      if (given.length) variable.chosen = given.map((value) => (value === "All" && variable.includeAll ? ALL : value));
    }
  }

  /**
   * Asks for every variable's options, each after those that its query mentions, and settles on valid values.
   * @param {{from: number, to: number}} range milliseconds
   */
  async load(range) {
    const left = new Set(this.list);
    while (left.size) {
      const ready = [...left].filter((variable) => ![...left].some((other) => other !== variable && dependsOn(variable, other.name)));
      const next = ready.length ? ready : [...left].slice(0, 1); // a circle: someone must begin
      await Promise.all(next.map((variable) => this.#loadOne(variable, range)));
      next.forEach((variable) => left.delete(variable));
    }
  }

  /** Variables to ask again after one changed: those that mention it, and theirs. @param {DashboardVariable} changed @param {{from: number, to: number}} range */
  async reloadAfter(changed, range) {
    const touched = new Set([changed]);
    for (const variable of this.list) if ([...touched].some((other) => other !== variable && dependsOn(variable, other.name))) touched.add(variable);
    for (const variable of this.list) if (variable !== changed && touched.has(variable)) await this.#loadOne(variable, range);
  }

  async #loadOne(variable, range) {
    variable.problem = "";
    try {
      variable.options = await optionsOf(variable, this.lookup, range);
    } catch (error) {
      variable.problem = error.message;
      variable.options = [];
    }
    settle(variable);
  }
}

const queryText = (/** @type {any} */ json) => (typeof json.query === "object" && json.query ? json.query.query ?? json.query.expr ?? "" : json.query ?? "") || json.definition || "";
const dependsOn = (variable, name) => mentions(JSON.stringify([queryText(variable.json), variable.json.regex ?? "", variable.json.datasource ?? ""]), name);

async function optionsOf(variable, lookup, range) {
  const { json } = variable;
  switch (variable.type) {
    case "query": {
      const values = sorted(matched(await ask(json, lookup, range), json.regex), Number(json.sort ?? 0));
      return withAll(variable, values);
    }
    case "custom": return withAll(variable, splitList(queryText(json)).map((part) => {
      const [, text, value] = /^(.*?)\s+:\s+(.*)$/.exec(part) ?? [];
      return { text: text ?? part, value: value ?? part };
    }));
    case "interval": {
      const steps = splitList(queryText(json)).map((value) => ({ text: value, value }));
      return json.auto ? [{ text: "auto", value: autoInterval(json, range) }, ...steps] : steps;
    }
    case "datasource": {
      const wanted = pattern(json.regex || ".*");
      return (await dataSources()).filter((source) => source.type === queryText(json) && (!wanted || wanted.test(source.name))).map((source) => ({ text: source.name, value: source.uid }));
    }
    case "constant": return [{ text: queryText(json), value: queryText(json) }];
    default: return [];
  }
}

const splitList = (text) => (text.match(/(?:\\,|[^,])+/g) ?? []).map((part) => part.trim().replace(/\\,/g, ",")).filter(Boolean);

function withAll(variable, options) {
  return variable.includeAll && options.length ? [{ text: "All", value: ALL }, ...options] : options;
}

function autoInterval(json, { from, to }) {
  const rough = Math.max((to - from) / 1000 / (json.auto_count ?? 30), parseDuration(json.auto_min ?? "10s") || 10);
  const steps = [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];
  const seconds = steps.find((step) => step >= rough) ?? 86400;
  return seconds % 3600 === 0 ? `${seconds / 3600}h` : seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

/** Values for a variable's query: label_names(), label_values(…), metrics(…), query_result(…), or a series selector. */
async function ask(json, lookup, range) {
  const text = interpolate(queryText(json), lookup);
  const source = await sourceOf(json.datasource, lookup);
  if (source && source.type !== "prometheus") throw new Error(`Data source ${source.name} (${source.type}) answers no variable queries here.`);
  const uid = source?.uid ?? "prometheus";
  const time = { start: Math.floor(range.from / 1000), end: Math.ceil(range.to / 1000) };
  const call = (path, query) => prometheusThrough(uid, path, query);
  let parts = /^label_names\((?:(.*))?\)\s*$/s.exec(text);
  if (parts) return call("labels", { ...time, "match[]": parts[1]?.trim() });
  parts = /^label_values\(\s*(?:(.*\S)\s*,\s*)?([a-zA-Z_$][\w]*)\s*\)\s*$/s.exec(text);
  if (parts) return call(`label/${encodeURIComponent(parts[2])}/values`, { ...time, "match[]": parts[1] });
  parts = /^metrics\((.*)\)\s*$/s.exec(text);
  if (parts) {
    const wanted = pattern(parts[1].trim());
    return (await call("label/__name__/values", time)).filter((name) => !wanted || wanted.test(name));
  }
  parts = /^query_result\((.*)\)\s*$/s.exec(text);
  if (parts) {
    const answer = await call("query", { query: parts[1], time: time.end });
    return (answer?.result ?? []).map(({ metric, value }) => `${seriesText(metric)} ${value[1]} ${Math.round(value[0] * 1000)}`);
  }
  if (!text.trim()) return [];
  return (await call("series", { ...time, "match[]": text })).map(seriesText);
}

function seriesText({ __name__ = "", ...labels }) {
  return `${__name__}{${Object.entries(labels).map(([key, value]) => `${key}="${value}"`).join(",")}}`;
}

/** The data source that a panel or a variable names: by uid, by name, by a variable, or the default one. @param {any} reference @param {import("./interpolate.js").Lookup} lookup */
export async function sourceOf(reference, lookup) {
  const list = await dataSources();
  const fallback = list.find((source) => source.isDefault) ?? list[0];
  const named = typeof reference === "string" ? reference : reference?.uid;
  if (!named || named === "default") return list.find((source) => source.type === reference?.type) ?? fallback;
  const uid = interpolate(named, lookup, "query");
  const found = list.find((source) => source.uid === uid || source.name === uid);
  if (found) return found;
  // An uid of another machine, or the `${DS_…}` that an export has instead of one: the source of that type stands in.
  return list.find((source) => source.type === (reference?.type ?? "prometheus")) ?? fallback;
}

/** Keeps what the pattern matches: its group `value` and `text`, its first group, or all of it. */
function matched(values, regex) {
  const expression = regex ? pattern(regex) : undefined;
  const seen = new Map();
  for (const raw of values ?? []) {
    const value = String(raw);
    if (!expression) seen.set(value, value);
    else {
      const found = expression.exec(value);
      if (!found) continue;
      const kept = found.groups?.value ?? found[1] ?? found[0];
      seen.set(kept, found.groups?.text ?? kept);
    }
  }
  return [...seen].map(([value, text]) => ({ text, value }));
}

function sorted(options, order) {
  const by = [null, byLetters, numerically, ignoringCase, naturally][Math.ceil(order / 2)]; // 1 ascending, 2 descending, 3 …
  return by ? options.sort((a, b) => by(a, b) * (order % 2 ? 1 : -1)) : options;
}

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const byLetters = (a, b) => compare(a.text, b.text);
const ignoringCase = (a, b) => compare(a.text.toLowerCase(), b.text.toLowerCase());
const naturally = (a, b) => a.text.localeCompare(b.text, undefined, { numeric: true });
const numerically = (a, b) => (parseFloat(a.text.match(/\d+/)?.[0] ?? "0") - parseFloat(b.text.match(/\d+/)?.[0] ?? "0")) || compare(a.text, b.text);

/** Settles on valid values: what was chosen if it still exists, else all, else the first. */
function settle(variable) {
  const { options, type } = variable;
  if (type === "textbox") {
    if (!variable.chosen.length) variable.chosen = [queryText(variable.json)];
    return;
  }
  if (type === "adhoc") return;
  if (type === "datasource") variable.chosen = variable.chosen.map((value) => options.find((option) => option.text === value)?.value ?? value);
  if (type === "interval") {
    const auto = options.find((option) => option.text === "auto")?.value;
    variable.chosen = variable.chosen.map((value) => (auto && (value === "auto" || value.startsWith(AUTO)) ? auto : value));
  }
  const valid = variable.chosen.filter((value) => options.some((option) => option.value === value));
  if (valid.length) variable.chosen = variable.multi ? valid : valid.slice(0, 1);
  else if (options.length && !(type === "custom" && variable.chosen.length)) variable.chosen = [options[0].value];
  else if (!options.length && variable.includeAll) variable.chosen = [ALL];
}
