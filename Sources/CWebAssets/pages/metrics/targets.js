// The targets page: every scrape pool with its targets, how they are and how they were in the last hour. Filter and words are in the URL.

import { el, fill, svg } from "../system/dom.js";
import { icon } from "../system/icons.js";
import { METRICS_TABS, mountFrame } from "../system/frame.js";
import { count, dateTime, format, parseDuration, relativeTime } from "../system/format.js";
import { doorAddress } from "../system/doors.js";
import { params, setParams } from "../system/url.js";
import { poolsPage } from "../system/pools.js";
import { prometheus } from "../system/request.js";
import { seriesKey } from "../system/color.js";
import { snippet } from "../system/snippet.js";
import { chip } from "./results.js";

/**
 * @typedef {{discoveredLabels: Record<string, string>, labels: Record<string, string>, scrapePool: string, scrapeUrl: string, lastError: string, lastScrape: string, lastScrapeDuration: number,
 *   health: "up"|"down"|"unknown", scrapeInterval: string, scrapeTimeout: string}} Target
 */

const HISTORY_CELLS = 40;
const HISTORY_MILLIS = 3600_000;
const HEALTH = { up: ["good", "check", "Up"], down: ["bad", "error", "Down"], unknown: ["", "clock", "Not scraped yet"] };

const frame = mountFrame({ section: "metrics", title: "Targets", crumbs: [{ label: "Metrics" }], tabs: METRICS_TABS });
const filters = el("div.joined.filters", { role: "group", "aria-label": "Health" });

/** @type {{targets: Target[], dropped: number}} */
let state;
/** seriesKey of a target's labels → up or not at each cell @type {Map<string, Float64Array>} */
let history = new Map();
/** Pools a person folded, and targets whose details are open; they outlive a refresh. */
const folded = new Set();
const opened = new Set();

const page = poolsPage(frame.main, { title: "Targets", filter: "address, label or error", before: filters, read, draw });

async function read() {
  const [{ data }] = await Promise.all([prometheus("/api/v1/targets"), loadHistory()]);
  state = {
    targets: data.activeTargets ?? [],
    dropped: Object.values(data.droppedTargetCounts ?? {}).reduce((sum, n) => sum + n, 0) || (data.droppedTargets ?? []).length,
  };
}

/** How the targets were in the last hour; the page lives without it. */
async function loadHistory() {
  const step = HISTORY_MILLIS / HISTORY_CELLS / 1000;
  const end = Math.floor(Date.now() / 1000 / step) * step;
  const start = end - step * (HISTORY_CELLS - 1);
  try {
    const { data } = await prometheus("/api/v1/query_range", { query: { query: `min_over_time(up[${step}s])`, start, end, step } });
    history = new Map(data.result.map(({ metric: { __name__, ...labels }, values }) => {
      const cells = new Float64Array(HISTORY_CELLS).fill(NaN);
      for (const [time, value] of values) cells[Math.round((time - start) / step)] = Number(value);
      return [seriesKey({ name: "", labels }), cells];
    }));
  } catch {
    history = new Map();
  }
}

function draw(content, words) {
  const { targets } = state;
  const health = params().get("health") ?? "";
  const tally = (wanted) => targets.filter((target) => target.health === wanted).length;
  const button = (value, label) => el("button",
    { type: "button", "aria-pressed": String(health === value), onclick: () => { setParams({ health: value }); page.redraw(); } },
    label,
  );
  fill(filters,
    button("", `All ${targets.length}`),
    button("up", [icon("check", 14), `Up ${tally("up")}`]),
    button("down", [icon("error", 14), `Down ${tally("down")}`]),
    tally("unknown") ? button("unknown", `Waiting ${tally("unknown")}`) : null,
  );
  if (!targets.length) return void fill(content, noTargets());
  const shown = targets.filter((target) => (!health || target.health === health) && words.every((word) => searchText(target).includes(word)));
  if (!shown.length) return void fill(content,
    el("div.empty",
      el("h2", "No target is like that"),
      el("p", `${count(targets.length, "target")} in all.`),
      el("button", { type: "button", onclick: () => { page.clear(); setParams({ health: null }); page.redraw(); } }, "Show all"),
    ),
  );
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.key : undefined;
  const pools = [...Map.groupBy(shown, (target) => target.scrapePool)].sort(([a], [b]) => a.localeCompare(b));
  fill(content,
    pools.map(([name, list]) => poolNode(name, list, targets.filter((target) => target.scrapePool === name))),
    state.dropped ? el("p.muted", `${count(state.dropped, "discovered target")} dropped by relabeling.`) : null,
  );
  if (focused) content.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

/** In or out of a set, and drawn again. */
function flip(set, key) {
  if (!set.delete(key)) set.add(key);
  page.redraw();
}

function searchText({ scrapeUrl, scrapePool, lastError, labels }) {
  return [scrapeUrl, scrapePool, lastError, ...Object.entries(labels).map(([name, value]) => `${name}=${value}`)].join(" ").toLowerCase();
}

function poolNode(name, list, all) {
  const up = all.filter((target) => target.health === "up").length;
  const kind = up === all.length ? "good" : up === 0 ? "bad" : "warn";
  const open = !folded.has(name);
  const order = { down: 0, unknown: 1, up: 2 };
  const sorted = list.toSorted((a, b) => order[a.health] - order[b.health] || a.scrapeUrl.localeCompare(b.scrapeUrl));
  const head = el("button.pool-head", { type: "button", "aria-expanded": String(open), "data-key": `pool ${name}`, onclick: () => flip(folded, name) },
    icon(open ? "down" : "forward", 14), el("h2", name), el("span.badge", { class: kind },
      `${up} of ${all.length} up`,
    ), el("span.muted", `every ${all[0].scrapeInterval}`));
  return el("section.panel.pool", head, open ? el("div.target-list", { role: "list" }, sorted.map(targetNode)) : null);
}

function targetNode(target) {
  const [kind, symbol, word] = HEALTH[target.health] ?? HEALTH.unknown;
  const key = `${target.scrapePool} ${target.scrapeUrl}`;
  const scraped = Date.parse(target.lastScrape);
  const never = !(scraped > 0);
  const timeout = parseDuration(target.scrapeTimeout);
  const slow = timeout > 0 && target.lastScrapeDuration > timeout * 0.8;
  const details = opened.has(key);
  const toggle = el("button.ghost.small.square",
    { type: "button", "data-key": key, "aria-expanded": String(details), "aria-label": "Discovered labels", title: "What discovery found", onclick: () => flip(opened, key) },
    icon(details ? "up" : "down", 14),
  );
  return el("div.target", { role: "listitem" },
    el("div.target-main",
      el("span.badge.target-health", { class: kind }, icon(symbol, 12), word),
      el("a.target-url", { href: reachable(target.scrapeUrl), title: target.scrapeUrl }, target.scrapeUrl.replace(/^http:\/\//, "")),
      el("span.target-labels", Object.entries(target.labels).filter(([name]) => name !== "job").map(([name, value]) => chip(name, value)))),
    historyNode(target),
    el("div.target-facts",
      el("span", { title: never ? null : dateTime(scraped) }, never ? "never" : relativeTime(scraped)),
      el("span.number",
        { class: slow ? "warn" : null, title: `Takes this long; the timeout is ${target.scrapeTimeout}` },
        never ? "" : format(target.lastScrapeDuration, "s"),
      ),
      toggle,
    ),
    target.lastError ? el("p.target-error", plainError(target)) : null,
    details ? el("div.target-details",
      Object.entries(target.discoveredLabels).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => chip(name, value)),
    ) : null);
}

/** The hour as forty cells: up, down, or not known. */
function historyNode(target) {
  const cells = history.get(seriesKey({ name: "", labels: target.labels }));
  if (!cells) return el("span.target-history");
  const known = [...cells].filter((value) => value === value);
  const share = known.length ? known.filter((value) => value === 1).length / known.length : NaN;
  const text = known.length ? `Up ${format(share, "percentunit", share === 1 || share === 0 ? 0 : 1)} of the last hour` : "No history yet";
  const path = (test) => [...cells].map((value, index) => (test(value) ? `M${index * 3} 0h2v16h-2z` : "")).join("");
  return el("span.target-history", {
    title: text, role: "img", "aria-label": text,
  }, svg("svg", { width: HISTORY_CELLS * 3 - 1, height: 16, viewBox: `0 0 ${HISTORY_CELLS * 3 - 1} 16` },
    svg("path",
      { d: path((value) => value !== value), class: "cell-unknown" },
    ), svg("path", { d: path((value) => value === 1), class: "cell-up" }), svg("path", { d: path((value) => value === 0), class: "cell-down" })));
}

/** A scrape address as this browser reaches it. */
const reachable = (url) => url.replace(/\/\/(localhost|127\.0\.0\.1|0\.0\.0\.0)(?=[:/])/, `//${location.hostname}`);

/** The error without the address that stands above it already. */
function plainError({ lastError, scrapeUrl }) {
  const text = lastError.replace(`Get "${scrapeUrl}": `, "").replace(/^dial tcp (\S+): connect: (.*)$/, "$2 at $1");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function noTargets() {
  return el("div.empty", icon("metrics", 28), el("h2", "Nothing to scrape"), el("p",
    "No scrape job is configured. Name one in config/prometheus.yml and reload:",
  ),
    snippet(`scrape_configs:\n  - job_name: my-app\n    static_configs:\n      - targets: ["localhost:9464"]`),
    snippet(`curl -X POST http://${doorAddress("prometheus")}/-/reload`));
}
