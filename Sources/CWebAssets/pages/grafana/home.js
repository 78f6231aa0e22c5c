// Home: is the stack well, which dashboards are there, and where does one send what.

import { el, fill } from "../system/dom.js";
import { doorAddress, doorsReady, doorURL, hasDoor } from "../system/doors.js";
import { relativeTime } from "../system/format.js";
import { mountFrame } from "../system/frame.js";
import { icon } from "../system/icons.js";
import { Stat } from "../system/stat.js";
import { isAbort } from "../system/request.js";
import { copyButton } from "../system/snippet.js";
import { TimeState } from "../system/time.js";
import { dataSources, runQueries, searchDashboards } from "./api.js";
import { numberFields, readFrame, timeField } from "./model/frames.js";
import { addDashboardsToPalette } from "./palette.js";
import { recentDashboards } from "./recent.js";
import { starButton } from "./star.js";

const CARDS = 8;
const TARGETS = 24;
const time = new TimeState({ from: "now-30m", to: "now", refresh: "10s", url: false });
const frame = mountFrame({ section: "home", title: "Home", width: "page" });
const health = el("section.health", { "aria-label": "Health" });
const targets = el(".targets");
const cards = el("section.cards", { "aria-label": "Dashboards" });
const doors = el("section.send", { "aria-label": "Where to send" });

/** The figures at the top: words, query, unit and where a click leads. */
const FIGURES = [
  { refId: "A", title: "Targets up", expr: "up", unit: "short", href: () => doorURL("prometheus", "/targets") },
  { refId: "F", title: "Alerts firing", expr: "count(ALERTS{alertstate=\"firing\"}) or vector(0)", unit: "short", thresholds: [{ value: null, color: "green" }, { value: 1, color: "red" }], href: () => "/alerting" },
  { refId: "B", title: "Samples a second", expr: "sum(rate(prometheus_tsdb_head_samples_appended_total[1m]))", unit: "short", href: () => doorURL("prometheus", "/query") },
  { refId: "C", title: "Active series", expr: "sum(prometheus_tsdb_head_series)", unit: "locale", href: () => doorURL("prometheus", "/status") },
  { refId: "D", title: "Spans a second", expr: "sum(rate(jaeger_spans_received_total[1m]))", unit: "short", href: () => doorURL("jaeger", "/search") },
  { refId: "E", title: "Memory", expr: "sum(process_resident_memory_bytes{job=\"prometheus\"})", unit: "bytes", href: () => doorURL("prometheus", "/query") },
];
const figures = new Map(FIGURES.map((figure) => {
  const node = el("a.figure", { href: figure.href() });
  const stat = new Stat(node, figure);
  stat.setLoading();
  return [figure.refId, { node, stat, figure }];
}));

async function refresh() {
  const range = time.range();
  try {
    const source = (await dataSources()).find((one) => one.type === "prometheus");
    const datasource = { type: "prometheus", uid: source?.uid ?? "prometheus" };
    const results = await runQueries(
      FIGURES.map(({ refId, expr }) => ({
        refId, expr, datasource, range: true, instant: false, intervalMs: 15000, maxDataPoints: 120, legendFormat: "__auto",
      })),
      range,
    );
    for (const { refId } of FIGURES) {
      const frames = (results[refId]?.frames ?? []).map((json) => readFrame(json, refId)).filter((one) => one.length);
      if (refId === "A") showTargets(frames);
      else showFigure(refId, frames[0]);
    }
  } catch (error) {
    if (isAbort(error)) return;
    fill(targets, el("p.notice.bad", icon("error", 16), error.message));
  }
}

function showFigure(refId, found) {
  const { node, stat, figure } = figures.get(refId);
  const field = found && numberFields(found)[0];
  node.hidden = !field; // what this stack does not measure is not shown as a hole
  if (field) stat.setData({ value: lastNumber(field.values), name: figure.title, sparkline: { times: timeField(found).values, values: field.values } });
}

function showTargets(frames) {
  const states = frames.map((one) => {
    const field = numberFields(one)[0];
    return { job: field.labels?.job ?? "", instance: field.labels?.instance ?? "", up: lastNumber(field.values) === 1 };
  }).sort((a, b) => Number(a.up) - Number(b.up) || a.job.localeCompare(b.job) || a.instance.localeCompare(b.instance));
  const up = states.filter((state) => state.up).length;
  const { stat, figure } = figures.get("A");
  stat.options.text = () => `${up} of ${states.length}`;
  stat.setData({ value: up, name: figure.title, sparkline: upOverTime(frames) });
  fill(targets, states.length ? states.slice(0, TARGETS).map((state) => el("a.target", {
    href: doorURL("prometheus", `/targets?search=${encodeURIComponent(state.instance)}`), class: state.up ? "up" : "down",
    title: state.up ? "Answers when it is scraped" : "Does not answer when it is scraped",
  },
    icon(state.up ? "check" : "close", 14), el("b", state.job), el("span", state.instance), el("span.state", state.up ? "up" : "down"))) : teach());
}

/** How many were up, moment by moment. */
function upOverTime(frames) {
  const sums = new Map();
  for (const one of frames) {
    const [time, field] = [timeField(one), numberFields(one)[0]];
    for (let at = 0; at < one.length; at++) if (field.values[at] === field.values[at]) sums.set(time.values[at], (sums.get(time.values[at]) ?? 0) + field.values[at]);
  }
  const times = [...sums.keys()].sort((a, b) => a - b);
  return { times: Float64Array.from(times), values: Float64Array.from(times, (time) => sums.get(time)) };
}

const lastNumber = (values) => {
  for (let at = values.length - 1; at >= 0; at--) if (values[at] === values[at]) return values[at];
  return NaN;
};

const teach = () => el(
  "p.notice", icon("info", 16),
  el(
    "span", "Nothing has been scraped yet. Targets come within seconds after start; ", el("code", "obstack demo"),
    " sends a whole workload, so that every page is alive.",
  ),
);

async function showDashboards() {
  fill(cards, el("h2", "Dashboards"), el(".card-grid", Array.from({ length: 3 }, () => el(".skeleton.card"))));
  try {
    const all = await searchDashboards();
    const recent = recentDashboards();
    const rank = (one) => (one.isStarred ? 2e15 : 0) + (recent.find((entry) => entry.uid === one.uid)?.at ?? 0);
    const shown = [...all].sort((a, b) => rank(b) - rank(a) || a.title.localeCompare(b.title)).slice(0, CARDS);
    fill(cards, el("h2", el("a", { href: "/dashboards" }, "Dashboards"), all.length > shown.length && el("a.more", { href: "/dashboards" }, `All ${all.length}`, icon("forward", 14))),
      shown.length ? el("ul.card-grid", shown.map((one) => card(one, recent.find((entry) => entry.uid === one.uid)?.at))) : el(
        "p.notice", icon("info", 16), "No dashboards yet: Grafana's JSON files in config/grafana/dashboards are loaded as they are.",
      ));
  } catch (error) {
    fill(cards, el("h2", "Dashboards"), el("p.notice.bad", icon("error", 16), error.message));
  }
}

const card = (one, opened) => el("li.panel.card", el("a", { href: one.url }, one.title), starButton(one),
  el(".card-foot", (one.tags ?? []).slice(0, 3).map((tag) => el("span.badge", tag)), el("span.muted", opened ? `opened ${relativeTime(opened)}` : one.folderTitle || "General")));

function showDoors() {
  const lines = [
    ["traces", "OTLP over HTTP", `http://${doorAddress("otlpHTTP")}`, "otlpHTTP", "OTEL_EXPORTER_OTLP_ENDPOINT"],
    ["traces", "OTLP over gRPC", doorAddress("otlpGRPC"), "otlpGRPC", "traces and metrics"],
    ["metrics", "Remote write", `http://${doorAddress("prometheus")}/api/v1/write`, "prometheus", "Prometheus, agents, collectors"],
    ["push", "Push gateway", `http://${doorAddress("pushgateway")}/metrics/job/NAME`, "pushgateway", "short-lived jobs"],
  ].filter(([, , , door]) => hasDoor(door));
  fill(doors, el("h2", "Send to this machine"),
    el("ul.panel.door-list", lines.map(([name, title, address, , hint]) => el("li",
      icon(name, 16), el("span.door-title", title), el("code.truncate", address), el("span.muted", hint), copyButton(address, "ghost")))),
    el("p.muted.demo", "Nothing to send yet? ", el("code", "obstack demo"), " plays a workload of cached, routed and retried calls."));
}


fill(health, el(".figures", [...figures.values()].map(({ node }) => node)), targets);
fill(frame.main, el(".home", health, cards, doors));
showDoors();
doorsReady.then(() => {
  showDoors();
  for (const { node, figure } of figures.values()) node.href = figure.href();
});
showDashboards();
refresh();
time.onChange(refresh);
addDashboardsToPalette();
