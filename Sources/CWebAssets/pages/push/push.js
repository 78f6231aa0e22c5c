// The push page: the groups that were pushed, what they hold, and a way to delete one (and take it back).

import { el, fill } from "../system/dom.js";
import { icon } from "../system/icons.js";
import { mountFrame } from "../system/frame.js";
import { openDialog, toast } from "../system/float.js";
import { count, dateTime, format, relativeTime, withSeparators } from "../system/format.js";
import { doorAddress, doorURL } from "../system/doors.js";
import { poolsPage } from "../system/pools.js";
import { requestJSON } from "../system/request.js";
import { metricText, toNumber } from "../system/series.js";
import { snippet } from "../system/snippet.js";
import { groupPath, groupText, readGroup } from "./groups.js";

/** @typedef {import("./groups.js").Group} Group */

const OPEN_AT_FIRST = 3;
const LONG_AGO_MILLIS = 86_400_000;

const frame = mountFrame({ section: "push", title: "Push" });
const summary = el("span.muted");

/** @type {Group[]} */
let groups = [];
/** What a person folded or unfolded. @type {Map<string, boolean>} */
const open = new Map();

const page = poolsPage(frame.main, { title: "Push", filter: "label or metric", after: summary, read, draw });

async function read() {
  const { data } = await requestJSON("/api/v1/metrics");
  groups = data.map(readGroup).sort((a, b) => b.pushedMillis - a.pushedMillis);
}

function draw(content, words) {
  const shown = groups.filter((group) => words.every((word) => searchText(group).includes(word)));
  const series = groups.reduce((sum, group) => sum + seriesIn(group), 0);
  summary.textContent = groups.length ? `${count(groups.length, "group")}, ${withSeparators(String(series))} series` : "";
  if (!groups.length) fill(content, nothingYet());
  else if (!shown.length) fill(content, el("div.empty", el("h2", "No group is like that"), el("p", `${count(groups.length, "group")} in all.`)));
  else fill(content, shown.map((group, index) => groupNode(group, index)));
}

function searchText({ labels, families }) {
  return [...Object.entries(labels).map(([name, value]) => `${name}=${value}`), ...families.map(({ name }) => name)].join(" ").toLowerCase();
}

const seriesIn = (group) => group.families.reduce((sum, { metrics }) => sum + metrics.length, 0);

/** @param {Group} group @param {number} index */
function groupNode(group, index) {
  const { job, ...labels } = group.labels;
  const key = groupPath(group.labels);
  const shown = open.get(key) ?? index < OPEN_AT_FIRST;
  const old = Date.now() - group.pushedMillis > LONG_AGO_MILLIS;
  const head = el("button.pool-head", { type: "button", "aria-expanded": String(shown), onclick: () => { open.set(key, !shown); page.redraw(); } },
    icon(shown ? "down" : "forward", 14), el("h2", job), Object.entries(labels).map(([name, value]) => el("span.label-chip",
      el("b", `${name}=`),
      value,
    )),
    group.ok ? null : el("span.badge.bad", { title: `Refused ${dateTime(group.failedMillis)}` }, icon("error", 12), "last push refused"),
    el("span.pushed", { class: old ? "warn" : "muted", title: dateTime(group.pushedMillis) },
      group.pushedMillis ? `pushed ${relativeTime(group.pushedMillis)}` : "never pushed whole",
    ));
  return el("section.panel.pool",
    el("div.group-head", head,
      el("button.ghost.small.square",
        { type: "button", "aria-label": `Delete the group ${job}`, title: "Delete this group", onclick: () => remove(group) },
        icon("trash", 16),
      ),
    ),
    shown ? familyTable(group) : null,
  );
}

/** @param {Group} group */
function familyTable(group) {
  if (!group.families.length) return el("p.empty.small", "This group holds no metrics.");
  const rows = group.families.flatMap(({ name, type, help, metrics }) => metrics.map((metric, index) => {
    const own = Object.fromEntries(Object.entries(metric.labels).filter(([label, value]) => !(label in group.labels) && value !== ""));
    const expr = metricText({ __name__: type === "histogram" || type === "summary" ? `${name}_count` : name, ...metric.labels });
    return el("tr",
      el("td.mono",
        el("a", { href: doorURL("prometheus", `/query?g0.expr=${encodeURIComponent(expr)}&g0.tab=graph`), title: "Query it" }, name),
        index === 0 && help ? el("div.help", help) : null,
      ),
      el("td.mono", Object.entries(own).map(([label, value]) => el("span.label-chip", el("b", `${label}=`), value))),
      el("td.kind", el("span.muted", type)), el("td.number", valueNode(metric)));
  }));
  return el("div.table-box.push-table",
    el("table",
      el("caption.unseen", `Metrics of ${group.labels.job}`),
      el("thead",
        el("tr",
          ["Metric", "Labels"].map((label) => el("th", { scope: "col" }, label)),
          el("th.kind", { scope: "col" }, "Type"),
          el("th.number", { scope: "col" }, "Value"),
        ),
      ),
      el("tbody", rows),
    ),
  );
}

function valueNode(metric) {
  if (metric.value !== undefined) return withSeparators(String(toNumber(metric.value))).replace("-", "−");
  const parts = Object.entries(metric.quantiles ?? metric.buckets ?? {}).map(([bound, value]) => `${metric.quantiles ? "" : "≤ "}${bound}: ${value}`);
  return el("span", { title: parts.join("\n") },
    `${format(toNumber(metric.count), "none")} × ${format(toNumber(metric.sum) / Math.max(1, toNumber(metric.count)))}`,
  );
}

/** @param {Group} group */
async function remove(group) {
  const name = Object.entries(group.labels).map(([label, value]) => `${label}="${value}"`).join(", ");
  const sure = await openDialog({
    title: "Delete this group?", content: [
      el("p", "Group ",
        el("code", `{${name}}`),
        ` goes, with ${count(group.families.length, "metric")} and ${count(seriesIn(group), "series", "series")}.`,
      ),
      el("p.muted", "What was scraped of it stays in Prometheus; the next scrape no longer finds it."),
    ],
    actions: [{ label: "Keep it", value: false }, { label: "Delete", value: true, kind: "danger" }],
  });
  if (!sure) return;
  const path = groupPath(group.labels);
  await send(path, { method: "DELETE" }, () => toast(`Deleted ${group.labels.job}`, "good", {
    label: "Undo", run: () => send(path,
      { method: "PUT", body: groupText(group), headers: { "content-type": "text/plain; version=0.0.4" } },
      () => toast(`${group.labels.job} is back`),
    ),
  }));
}

async function send(path, init, done) {
  const answer = await fetch(path, init).catch(() => null);
  if (answer?.ok) done();
  else toast(answer ? (await answer.text()).trim() || `The server answered ${answer.status}.` : `No answer from ${location.host}.`, "bad");
  page.load();
}

function nothingYet() {
  const lines = [
    ["One value:", `echo "backup_duration_seconds 182" | curl --data-binary @- http://${doorAddress("pushgateway")}/metrics/job/backup`],
    [
      "A file of metrics, replacing what the group held:",
      `curl -T metrics.txt http://${doorAddress("pushgateway")}/metrics/job/backup/instance/db-1`,
    ],
  ];
  return el("div.empty", icon("push", 28), el("h2", "Nothing was pushed yet"), el("p",
    "For jobs that end before anyone can scrape them. Push from the job itself:",
  ),
    el("div.lines", lines.map(([words, line]) => [el("p", words), snippet(line)])));
}
