// The status page: what runs here, how full the head is and of what, flags and configuration. Every part asks for itself, and says in words
// when this server has no answer.

import { debounce, el, fill } from "../system/dom.js";
import { icon } from "../system/icons.js";
import { METRICS_TABS, mountFrame } from "../system/frame.js";
import { addShortcuts } from "../system/keys.js";
import { count, dateTime, duration, format, relativeTime, withSeparators } from "../system/format.js";
import { prometheus } from "../system/request.js";
import { snippet } from "../system/snippet.js";
import { Stat } from "../system/stat.js";
import { fromMatrix, toNumber } from "../system/series.js";

const SECTIONS = [["overview", "Overview"], ["cardinality", "Cardinality"], ["configuration", "Configuration"], ["flags", "Flags"]];
const PLACES = { "/tsdb-status": "cardinality", "/flags": "flags", "/config": "configuration" };
const HOUR_SECONDS = 3600;

const frame = mountFrame({
  section: "metrics", title: "Status", crumbs: [{ label: "Metrics" }],
  tabs: METRICS_TABS.map((tab) => ({ ...tab, current: tab.href === "/status" })),
});
const sections = Object.fromEntries(SECTIONS.map(([id, label]) => [
  id,
  el("section.status-section", { id, "aria-label": label }, el("h2.heading", label), el("div.status-content", el("div.skeleton.tall"))),
]));
frame.main.append(
  el("nav.page-nav", { "aria-label": "On this page" }, SECTIONS.map(([id, label]) => el("a", { href: `#${id}` }, label))),
  ...Object.values(sections),
);
addShortcuts("Status", SECTIONS.map(([id, label], index) => ({ keys: String(index + 1), does: label, run: () => sections[id].scrollIntoView() })));

/** Asks; null, and a sentence in the section, when there is no answer. */
async function ask(path, into) {
  try {
    return (await prometheus(path)).data;
  } catch (error) {
    fill(into, el("div.notice", icon("info", 16), el("p", error.status === 404 ? `This server has no ${path.split("?")[0]}.` : error.message)));
    return null;
  }
}

const contentOf = (id) => sections[id].querySelector(".status-content");

async function overview() {
  const stats = el("div.stat-row");
  const [runtime, build] = [el("div.panel"), el("div.panel")];
  fill(contentOf("overview"), stats, el("div.two-columns", runtime, build));
  headlines(stats);
  await Promise.all([
    ask("/api/v1/status/runtimeinfo", runtime).then((info) => info && fill(runtime,
      el("div.panel-head", el("h3", "Runtime")),
      facts(runtimeFacts(info)),
    )),
    ask("/api/v1/status/buildinfo", build).then((info) => info && fill(build, el("div.panel-head", el("h3", "Build")), facts(buildFacts(info)))),
  ]);
}

/** The four numbers one looks for, each with its hour where the server scrapes itself. */
async function headlines(into) {
  const cards = [
    { title: "Series in memory", queries: ["prometheus_tsdb_head_series"], unit: "none" },
    { title: "Samples a second", queries: ["sum(rate(prometheus_tsdb_head_samples_appended_total[1m]))"], unit: "none" },
    { title: "Targets up", queries: ["sum(up)"], unit: "none" },
    {
      title: "Memory",
      queries: ["sum(process_resident_memory_bytes{job=\"prometheus\"})", "sum(process_resident_memory_bytes{job=\"obstack\"})"],
      unit: "bytes",
    },
  ];
  await Promise.all(cards.map(async ({ title, queries, unit }) => {
    const box = el("div.stat-box");
    const card = el("div.panel.stat-card", el("h3", title), box);
    into.append(card);
    const stat = new Stat(box, { title, unit });
    stat.setLoading();
    const end = Math.floor(Date.now() / 30_000) * 30;
    const grid = { start: end - HOUR_SECONDS, end, step: 30 };
    for (const query of queries) {
      const asked = [prometheus("/api/v1/query", { query: { query } }), prometheus("/api/v1/query_range", { query: { query, ...grid } })];
      const [now, range] = (await Promise.allSettled(asked)).map((answer) => answer.value?.data.result ?? []);
      if (now.length) return stat.setData({ value: toNumber(now[0].value[1]), sparkline: fromMatrix(range, grid)[0] });
    }
    stat.setData({ value: null, noData: "Not scraped" });
  }));
}

function runtimeFacts(info) {
  const started = Date.parse(info.startTime);
  const known = {
    startTime: ["Started", () => [`${relativeTime(started)}`, el("span.muted", ` ${dateTime(started)}`)]],
    serverTime: ["Clock", () => dateTime(Date.parse(info.serverTime))],
    hostname: ["Host", () => info.hostname],
    CWD: ["Working directory", () => el("code", info.CWD)],
    storageRetention: ["Retention", () => info.storageRetention],
    reloadConfigSuccess: [
      "Configuration",
      () => [
        info.reloadConfigSuccess ? el("span.badge.good", icon("check", 12), "loaded") : el("span.badge.bad", icon("error", 12), "last reload failed"),
        el("span.muted", ` ${relativeTime(Date.parse(info.lastConfigTime))}`),
      ],
    ],
    corruptionCount: [
      "WAL corruptions",
      () => (info.corruptionCount ? el("span.badge.bad", icon("warn", 12), String(info.corruptionCount)) : "none"),
    ],
    goroutineCount: ["Goroutines", () => String(info.goroutineCount)],
    GOMAXPROCS: ["Processors", () => String(info.GOMAXPROCS)],
    GOMEMLIMIT: ["Memory limit", () => (info.GOMEMLIMIT > 0 && info.GOMEMLIMIT < 2 ** 62 ? format(info.GOMEMLIMIT, "bytes") : "none")],
  };
  return Object.entries(known).filter(([key]) => info[key] !== undefined && info[key] !== "").map(([, [label, show]]) => [label, show()]);
}

function buildFacts(info) {
  const labels = {
    version: "Version", revision: "Revision", branch: "Branch", buildUser: "Built by", buildDate: "Built on",
    goVersion: "Go", swiftVersion: "Swift",
  };
  return Object.entries(info).filter(([, value]) => value !== "").map(([key, value]) => [
    labels[key] ?? key, key === "revision" ? el("code", value) : String(value),
  ]);
}

const facts = (pairs) => el("dl.facts", pairs.map(([label, value]) => [el("dt", label), el("dd", value)]));

async function cardinality() {
  const content = contentOf("cardinality");
  const info = await ask("/api/v1/status/tsdb?limit=10", content);
  if (!info) return;
  const { headStats: head = {} } = info;
  const number = (value) => withSeparators(String(value ?? 0));
  const span = head.maxTime > head.minTime && head.minTime > 0 ? duration((head.maxTime - head.minTime) / 1000) : "–";
  fill(content,
    el("p.muted",
      `The head holds ${number(head.numSeries)} series in ${number(head.chunkCount)} chunks with ${number(head.numLabelPairs)} label pairs, reaching back ${span}.`,
    ),
    el("div.two-columns",
      ranking("Series by metric", info.seriesCountByMetricName, "short", head.numSeries,
        (name) => `/query?g0.expr=${encodeURIComponent(`count({__name__=${JSON.stringify(name)}})`)}&g0.tab=graph`,
      ),
      ranking("Series by label and value", info.seriesCountByLabelValuePair, "short", head.numSeries,
        (pair) => `/query?g0.expr=${encodeURIComponent(`count by (__name__) ({${pair.replace(/=(.*)$/s, (_, value) => `=${JSON.stringify(value)}`)}})`)}&g0.tab=table`,
      ),
      ranking("Values by label", info.labelValueCountByLabelName, "short"),
      ranking("Memory by label", info.memoryInBytesByLabelName, "bytes")));
}

/** @param {{name: string, value: number}[]|undefined} list @param {number} [whole] of which a share is told @param {(name: string) => string} [link] */
function ranking(title, list = [], unit, whole, link) {
  const greatest = Math.max(1, ...list.map(({ value }) => value));
  return el("section.panel.ranking", el("div.panel-head", el("h3", title)), list.length ? el("table", el("caption.unseen", title), el("tbody", list.map(({ name, value }) => el("tr",
    el("td.rank-name",
      el("i", { style: { "--share": `${(value / greatest) * 100}%` } }),
      link ? el("a.truncate", { href: link(name), title: name }, name) : el("span.truncate", { title: name }, name),
    ),
    el("td.number", { title: whole ? `${format(value / whole, "percentunit")} of all series` : null },
      unit === "short" ? withSeparators(String(value)) : format(value, unit),
    ))))) : el("p.empty.small", "Nothing yet."));
}

async function configuration() {
  const content = contentOf("configuration");
  const info = await ask("/api/v1/status/config", content);
  if (!info) return;
  fill(content, snippet(info.yaml ?? "", coloredYAML(info.yaml ?? "")));
}

function coloredYAML(text) {
  return text.split("\n").map((line) => {
    const parts = /^(\s*(?:- )*)([\w.-]+)(:)(.*)$/.exec(line);
    return parts ? [parts[1], el("span.t-name", parts[2]), parts[3], el("span.t-string", parts[4]), "\n"] : [line, "\n"];
  });
}

async function flags() {
  const content = contentOf("flags");
  const info = await ask("/api/v1/status/flags", content);
  if (!info) return;
  const list = el("dl.facts.flags");
  const none = el("p.empty.small", { hidden: true }, "No flag of that name.");
  const field = el("input", { type: "search", placeholder: `Filter ${count(Object.keys(info).length, "flag")}`, "aria-label": "Filter flags" });
  const draw = () => {
    const words = field.value.toLowerCase();
    const found = Object.entries(info).filter(([name, value]) => `${name} ${value}`.toLowerCase().includes(words));
    fill(list,
      found.map(([name, value]) => [el("dt", el("code", `--${name}`)), el("dd", value === "" ? el("span.muted", "empty") : el("code", value))]),
    );
    none.hidden = found.length > 0;
  };
  field.addEventListener("input", debounce(80, draw));
  draw();
  fill(content, el("span.with-icon", icon("search", 16), field), el("div.panel", list, none));
}

const place = location.hash.slice(1) || PLACES[location.pathname];
await Promise.allSettled([overview(), cardinality(), configuration(), flags()]);
if (place && place !== "overview") sections[place]?.scrollIntoView();
