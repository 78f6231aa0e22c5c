// The pages of rules and alerts, behind whichever door: groups by file, each rule with what it asks, how it does and what it found. Filters and words are in the
// URL as Prometheus has them there (`search`, `state`, `health`), the rule that is looked at is its fragment.

import { el, fill } from "../system/dom.js";
import { icon } from "../system/icons.js";
import { doorAddress } from "../system/doors.js";
import { clockTime, count, dateTime, duration, format, prometheusDuration, relativeTime } from "../system/format.js";
import { addShortcuts } from "../system/keys.js";
import { poolsPage } from "../system/pools.js";
import { RequestError } from "../system/request.js";
import { toNumber } from "../system/series.js";
import { snippet } from "../system/snippet.js";
import { params, setParams } from "../system/url.js";
import { expression } from "./expression.js";
import { chip } from "./results.js";
import { narrowed, readGroups, summaryOf, tally } from "./rules-model.js";

/** @typedef {import("./rules-model.js").Rule} Rule */
/** @typedef {import("./rules-model.js").Group} Group */

const MOST_ALERTS = 50;
const OPEN_AT_FIRST = 3;
/** With more rules than these the groups come folded. */
const MANY_RULES = 200;
/** What a rule can be, in the order of the filters: kind, icon, word. */
const LOOKS = {
  state: { firing: ["bad", "alerts", "Firing"], pending: ["warn", "clock", "Pending"], inactive: ["good", "check", "Inactive"], unknown: ["", "clock", "Not evaluated yet"] },
  health: { err: ["bad", "error", "Failing"], ok: ["good", "check", "Healthy"], unknown: ["", "clock", "Not evaluated yet"] },
};

/**
 * Fills `main` with the rules that `ask` brings and keeps them fresh. `alerts`: only the alerting ones, by state; otherwise all of them, by health.
 * @param {HTMLElement} main @param {{alerts: boolean, alertsPath: string, ask: () => Promise<{groups: any[]}>}} how alertsPath: of the page with the alerts; ask: the `data` of `/api/v1/rules`
 */
export function rulesView(main, { alerts, alertsPath, ask }) {
  const member = alerts ? "state" : "health";
  const looks = LOOKS[member];
  const filters = el("div.joined.filters", { role: "group", "aria-label": alerts ? "State" : "Health" });
  /** @type {Group[]} */
  let groups = [];
  /** What a person folded or unfolded. @type {Map<string, boolean>} */
  const open = new Map();
  const shownOfAlerts = new Map();
  const title = alerts ? "Alerts" : "Rules";
  const page = poolsPage(main, { title, filter: alerts ? "name, label or group" : "name, expression or group", before: filters, read, draw });
  let wanted = decodeURIComponent(location.hash.slice(1));
  if (wanted) open.set(wanted, true);

  async function read() {
    try {
      groups = readGroups(await ask());
    } catch (error) {
      throw error.status === 404 ? new RequestError("This server evaluates no rules: it has no /api/v1/rules. A newer obstack does.", { status: 404 }) : error;
    }
  }

  /** The values of the filter that are chosen; none means all. */
  const chosen = () => params().getAll(member).flatMap((value) => value.split(",")).filter((value) => looks[value]);

  function toggle(value) {
    const now = chosen();
    setParams({ [member]: now.includes(value) ? now.filter((one) => one !== value) : [...now, value] });
    page.redraw();
  }

  function draw(content, words) {
    const all = alerts ? narrowed(groups, ({ type }) => type === "alerting") : groups;
    const counts = tally(all, member);
    const only = chosen();
    fill(filters, Object.entries(looks).filter(([value]) => value !== "unknown" || counts.unknown).map(([value, [, symbol, word]]) => el("button", {
      type: "button", "aria-pressed": String(only.includes(value)), onclick: () => toggle(value),
    }, icon(symbol, 14), `${word} ${counts[value] ?? 0}`)));
    filters.hidden = !all.length;
    if (!all.length) return void fill(content, noRules(groups.length > 0));
    const shown = narrowed(all, (rule) => (!only.length || only.includes(rule[member])) && words.every((word) => rule.text.includes(word)));
    if (!shown.length) return void fill(content, el("div.empty",
      el("h2", `No ${alerts ? "alert" : "rule"} is like that`),
      el("p", `${count(all.reduce((sum, { rules }) => sum + rules.length, 0), "rule")} in all.`),
      el("button", { type: "button", onclick: () => { page.clear(); setParams({ [member]: null }); page.redraw(); } }, "Show all"),
    ));
    const few = shown.reduce((sum, { rules }) => sum + rules.length, 0) <= MANY_RULES;
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.key : undefined;
    fill(content, [...Map.groupBy(shown, ({ file }) => file)].map(([file, list]) => el("section.rule-file", el("h2", { title: file }, file), list.map((group) => groupNode(group, few)))));
    if (focused) content.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    if (!wanted) return;
    const found = shown.find(({ rules }) => rules.some(({ key }) => key === wanted));
    if (found) open.set(`${found.file};${found.name}`, true);
    content.querySelector(`[data-key="${CSS.escape(wanted)}"]`)?.scrollIntoView({ block: "center" });
    wanted = "";
  }

  /** @param {Group} group @param {boolean} few whether all the groups are open at first */
  function groupNode(group, few) {
    const key = `${group.file};${group.name}`;
    const unfolded = open.get(key) ?? (few || group.rules.some((rule) => rule.key === wanted));
    const counts = tally([group], member);
    const flip = () => { open.set(key, !unfolded); page.redraw(); };
    return el("section.panel.pool",
      el("button.pool-head", { type: "button", "aria-expanded": String(unfolded), "data-key": key, onclick: flip },
        icon(unfolded ? "down" : "forward", 14), el("h3", group.name),
        Object.entries(looks).filter(([value, [kind]]) => counts[value] && kind && kind !== "good").map(([value, [kind, , word]]) => el("span.badge", { class: kind }, `${counts[value]} ${word.toLowerCase()}`)),
        el("span.muted", `every ${prometheusDuration(group.interval)}`),
        el("span.rule-facts", evaluated(group), took(group, group.interval))),
      unfolded ? el("ul.rules", group.rules.map((rule, index) => ruleNode(rule, group, index))) : null);
  }

  /** @param {Rule} rule @param {Group} group @param {number} index */
  function ruleNode(rule, group, index) {
    const unfolded = open.get(rule.key) ?? (alerts && rule.alerts.length > 0 && index < OPEN_AT_FIRST);
    const [kind, symbol, word] = LOOKS.health[rule.health] ?? LOOKS.health.unknown;
    const summary = alerts ? summaryOf(rule) : "";
    const flip = () => {
      open.set(rule.key, !unfolded);
      history.replaceState(history.state, "", `${location.pathname}${location.search}${unfolded ? "" : `#${encodeURIComponent(rule.key)}`}`);
      page.redraw();
    };
    return el("li.rule", { class: unfolded ? "open" : null },
      el("button.rule-head", { type: "button", "aria-expanded": String(unfolded), "data-key": rule.key, onclick: flip },
        icon(unfolded ? "down" : "forward", 14),
        alerts ? stateBadge(rule.state, rule.alerts.length) : el("span.badge", { class: kind }, icon(symbol, 12), word),
        el("b.rule-name", rule.name),
        !alerts && rule.alerts.length ? stateBadge(rule.state, rule.alerts.length) : null,
        summary ? el("span.rule-summary.truncate.muted", summary) : null,
        el("span.rule-facts", alerts ? [
          rule.health === "err" ? el("span.bad", "fails") : null, rule.duration ? el("span", { title: "So long it has to be true before it fires" }, `for ${prometheusDuration(rule.duration)}`) : null,
        ] : [el("span", rule.type), evaluated(rule), took(rule, group.interval)])),
      alerts && !unfolded ? null : expression(rule.query),
      rule.lastError ? el("p.rule-error", icon("error", 14), rule.lastError) : null,
      unfolded ? details(rule, group) : null,
      unfolded ? alertList(rule) : null);
  }

  function details(rule, group) {
    const rows = [
      ["For", rule.duration && !alerts ? prometheusDuration(rule.duration) : null],
      ["Keeps firing for", rule.keepFiringFor ? prometheusDuration(rule.keepFiringFor) : null],
      ["Labels", Object.keys(rule.labels ?? {}).length ? Object.entries(rule.labels).map(([name, value]) => chip(name, value)) : null],
      ...(rule.alerts.length && alerts ? [] : said(rule.annotations).map(([name, value]) => [name, linked(value)])),
      ["Evaluated", alerts ? [evaluated(rule), took(rule, group.interval)] : null],
      ["Alerts", rule.alerts.length && !alerts ? el("a", { href: `${alertsPath}?search=${encodeURIComponent(rule.name)}#${encodeURIComponent(rule.key)}` }, count(rule.alerts.length, "active alert")) : null],
    ].filter(([, value]) => value);
    return rows.length ? el("dl.rule-details", rows.map(([name, value]) => [el("dt", name), el("dd", value)])) : null;
  }

  function alertList(rule) {
    if (!alerts || !rule.alerts.length) return null;
    const most = shownOfAlerts.get(rule.key) ?? MOST_ALERTS;
    const left = rule.alerts.length - most;
    return [
      el("div.table-box.alert-table", el("table", el("caption.unseen", `Active alerts of ${rule.name}`),
        el("thead", el("tr", el("th", { scope: "col" }, "State"), el("th", { scope: "col" }, "Labels"), el("th", { scope: "col" }, "Active"), el("th.number", { scope: "col" }, "Value"))),
        el("tbody", rule.alerts.slice(0, most).map((alert) => alertRow(alert, rule))))),
      left > 0 ? el("button.ghost.table-more", { type: "button", onclick: () => { shownOfAlerts.set(rule.key, most + 10 * MOST_ALERTS); page.redraw(); } }, `Show more of ${count(left, "alert")} left`) : null,
    ];
  }

  function alertRow(alert, rule) {
    // What the rule gives to all of its alerts stands above them.
    const labels = Object.entries(alert.labels).filter(([name, text]) => name !== "alertname" && rule.labels?.[name] !== text);
    const since = Date.parse(alert.activeAt);
    const value = toNumber(alert.value);
    const fires = since + rule.duration * 1000;
    const kept = Date.parse(alert.keepFiringSince ?? "");
    return el("tr",
      el("td", stateBadge(alert.state)),
      el("td", labels.length ? el("div.alert-labels", labels.map(([name, text]) => chip(name, text))) : null, said(alert.annotations).map(([name, text]) => el("p.alert-said", { title: name }, name === "summary" || name === "description" ? null : el("b", `${name} `), linked(text)))),
      el("td.alert-since", el("span", { title: dateTime(since) }, relativeTime(since)),
        alert.state === "pending" && fires > Date.now() ? el("span.muted", { title: dateTime(fires) }, `fires at ${clockTime(fires)}`) : null,
        kept > 0 ? el("span.muted", { title: `Resolved ${dateTime(kept)}, and kept` }, "no longer true") : null),
      el("td.number", { title: alert.value }, format(value)));
  }

  const states = Object.keys(looks);
  addShortcuts(title, [
    ...states.slice(0, 3).map((value, index) => ({ keys: String(index + 1), does: `Only ${looks[value][2].toLowerCase()}`, run: () => toggle(value) })),
    { keys: "j", does: "Next rule", run: () => step(1) }, { keys: "k", does: "Previous rule", run: () => step(-1) }, { keys: "Enter", does: "Open or close it" },
    { keys: "e", does: "Open or close all", run: () => {
      const rules = groups.flatMap((group) => group.rules);
      const all = main.querySelector('.rule-head[aria-expanded="false"]') !== null;
      for (const { key } of rules) open.set(key, all);
      page.redraw();
    } },
  ]);

  function step(by) {
    const heads = [...main.querySelectorAll(".rule-head")];
    const at = heads.indexOf(document.activeElement);
    heads[at < 0 ? 0 : Math.max(0, Math.min(heads.length - 1, at + by))]?.focus();
  }
}

function stateBadge(state, many = 0) {
  const [kind, symbol, word] = LOOKS.state[state] ?? LOOKS.state.unknown;
  return el("span.badge", { class: kind }, icon(symbol, 12), many > 1 ? `${word} ${many}` : word);
}

/** Annotations, what is read first first. */
const said = (annotations = {}) => Object.entries(annotations).sort(([a], [b]) => rank(a) - rank(b));
const rank = (name) => ["summary", "description"].indexOf(name) + 1 || 3;

/** Words with the addresses in them as links. */
const linked = (text) => text.split(/(https?:\/\/[^\s<>"]+)/).map((part, index) => (index % 2 ? el("a", { href: part, rel: "noreferrer" }, part) : part));

function evaluated({ lastEvaluation }) {
  const millis = Date.parse(lastEvaluation);
  return millis > 0 ? el("span", { title: `Evaluated ${dateTime(millis)}` }, relativeTime(millis)) : el("span", "not yet");
}

function took({ evaluationTime, lastEvaluation }, interval) {
  if (!(Date.parse(lastEvaluation) > 0)) return null;
  return el("span", { class: evaluationTime > interval * 0.8 ? "warn" : null, title: `The evaluation took this long; it is due every ${duration(interval)}` }, format(evaluationTime, "s"));
}

function noRules(others) {
  if (others) return el("div.empty", icon("alerts", 28), el("h2", "No alerting rules"), el("p", "All rules here record series."), el("p", "A rule with ", el("code", "alert:"), " instead of ", el("code", "record:"), " shows on this page."));
  return el("div.empty", icon("alerts", 28), el("h2", "No rules yet"),
    el("p", "Rules run a query again and again; they keep its answer as a series, or raise an alert while there is one. Name their files in config/prometheus.yml,"),
    snippet("rule_files:\n  - rules/*.yml"), el("p", "write one, such as config/rules/availability.yml,"),
    snippet("groups:\n  - name: availability\n    rules:\n      - alert: TargetDown\n        expr: up == 0\n        for: 1m\n        labels: {severity: critical}\n        annotations:\n          summary: \"{{ $labels.instance }} of {{ $labels.job }} does not answer\""),
    el("p", "and reload:"), snippet(`curl -X POST http://${doorAddress("prometheus")}/-/reload`));
}
