// What an empty query panel shows: expressions worth asking of the metrics that are really there.

import { el, fill } from "../system/dom.js";
import { icon } from "../system/icons.js";
import { metadata, metricNames } from "./catalog.js";
import { tokenize } from "./promql.js";
import { doorAddress } from "../system/doors.js";
import { snippet } from "../system/snippet.js";

/** @param {(expr: string) => void} use */
export function starterFor(use) {
  const place = el("div.starter", el("div.skeleton"), el("div.skeleton"), el("div.skeleton"));
  Promise.all([metricNames(), metadata()]).then(([names, about]) => {
    if (!names.length) return fill(place, nothingYet());
    fill(place, el("h2", "Ask something"), el("p.muted", "Type an expression above: names complete as you type. Or start from one of these."),
      el("div.starter-list",
        ideas(names, about).map(({ title, expr }) => el("button.starter-item", { type: "button", onclick: () => use(expr) },
          el("span", title),
          el("code", coloured(expr)),
        )),
      ));
  });
  return place;
}

/** At most six, from the general to the particular. */
function ideas(names, about) {
  const has = new Set(names);
  const own = (name) => !/^(go_|process_|promhttp_|scrape_|prometheus_|obstack_)/.test(name);
  const first = (test) => names.find((name) => own(name) && test(name)) ?? names.find(test);
  const found = [];
  const add = (title, expr, when = true) => when && found.length < 6 && !found.some((other) => other.expr === expr) && found.push({ title, expr });
  add("What is up, and what is not", "up", has.has("up"));
  add("Processors at work, by mode", "sum by (mode) (rate(node_cpu_seconds_total{mode!=\"idle\"}[1m]))", has.has("node_cpu_seconds_total"));
  const histogram = first((name) => name.endsWith("_bucket"));
  if (histogram) add("How long it takes for 95 of 100", `histogram_quantile(0.95, sum by (le) (rate(${histogram}[5m])))`);
  const isCounter = (name) => name.endsWith("_total") && (about[name]?.[0]?.type ?? "counter") === "counter";
  const counter = first((name) => isCounter(name) && name !== "node_cpu_seconds_total");
  if (counter) add("How often a second", `sum(rate(${counter}[5m]))`);
  const bytes = first((name) => /_bytes$/.test(name));
  if (bytes) add("How much memory", bytes);
  add("The series each target gives", "sort_desc(scrape_samples_scraped)", has.has("scrape_samples_scraped"));
  const gauge = first((name) => about[name]?.[0]?.type === "gauge");
  if (gauge) add("A gauge as it stands", gauge);
  return found;
}

const coloured = (expr) => tokenize(expr).map(({ kind, text }) => (kind === "space" ? text : el("span", { class: `t-${kind}` }, text)));

function nothingYet() {
  const line = `echo "my_metric 42" | curl --data-binary @- http://${doorAddress("pushgateway")}/metrics/job/demo`;
  return [
    icon("metrics", 28), el("h2", "No metrics yet"),
    el("p.muted", "Nothing was scraped or pushed so far. Push one, or let ", el("code", "obstack demo"), " make some:"),
    snippet(line),
  ];
}
