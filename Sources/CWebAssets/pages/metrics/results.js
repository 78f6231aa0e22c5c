// An instant query's answer as a table: one column for each label that differs, the shared ones above, values as the server wrote them.

import { el, fill } from "../system/dom.js";
import { DataTable } from "../system/table.js";
import { dateTime, format, withSeparators } from "../system/format.js";
import { metricText, sharedLabels, toNumber } from "../system/series.js";

const MOST_COLUMNS = 7;

/**
 * @param {HTMLElement} element @param {{resultType: string, result: any}} data @param {{unit: string, onPick: (matcher: string) => void}} how onPick: a label was clicked, as `name="value"`
 */
export function showResult(element, data, { unit, onPick }) {
  if (data.resultType === "scalar" || data.resultType === "string") {
    const [time, value] = data.result;
    fill(element,
      el("div.single-value",
        el("b", data.resultType === "string" ? JSON.stringify(value) : valueText(value)),
        el("span.muted", `${data.resultType} at ${dateTime(time * 1000)}`),
      ),
    );
    return;
  }
  const rows = data.result;
  const metrics = rows.map((row) => row.metric);
  const shared = rows.length > 1 ? sharedLabels(metrics) : {};
  const names = [...new Set(metrics.flatMap((metric) => Object.keys(metric)))].filter((name) => !(name in shared));
  names.sort((a, b) => Number(b === "__name__") - Number(a === "__name__") || (a < b ? -1 : 1));
  const split = rows.length > 1 && names.length > 0 && names.length <= MOST_COLUMNS && element.clientWidth > 120 * names.length + 160;
  const labels = split
    ? names.map((name) => ({
      id: name, label: name === "__name__" ? "metric" : name, class: "mono", value: (row) => row.metric[name] ?? "",
      render: (row) => (row.metric[name] === undefined ? null : el("button.link.cell-label",
        { type: "button", title: `Only ${name}="${row.metric[name]}"`, onclick: () => onPick(`${name}=${JSON.stringify(row.metric[name])}`) },
        row.metric[name],
      )),
    }))
    : [{ id: "series", label: "Series", class: "mono", value: (row) => metricText(row.metric), render: (row) => seriesNode(row.metric, shared) }];
  const value = data.resultType === "matrix"
    ? {
      id: "value", label: "Samples", class: "mono samples", fixed: true, value: (row) => (row.values ?? []).length,
      render: (row) => samplesNode(row),
    }
    : {
      id: "value", label: "Value", number: true,
      value: (row) => (row.value ? toNumber(row.value[1]) : toNumber(row.histogram[1].count)),
      render: (row) => (row.value ? valueNode(row.value[1], unit) : histogramNode(row.histogram[1])),
    };
  const table = el("div");
  fill(element,
    Object.keys(shared).length ? el("div.shared-labels",
      el("span.muted", "In all"),
      Object.entries(shared).map(([name, text]) => chip(name, text)),
    ) : null,
    table,
  );
  new DataTable(table, { columns: [...labels, value], rows, noun: ["series", "series"], caption: "Result of the query" });
}

/** A label as a chip. @param {string} name @param {string} value */
export const chip = (name, value) => el("span.label-chip", name === "__name__" ? value : [el("b", `${name}=`), value]);

function seriesNode(metric, shared) {
  const { __name__: name, ...labels } = metric;
  const pairs = Object.entries(labels).filter(([key]) => !(key in shared)).sort(([a], [b]) => (a < b ? -1 : 1));
  const inner = pairs.map(([key, value], index) => [index ? ", " : "", el("span.t-label", key), "=", el("span.t-string", JSON.stringify(value))]);
  return el("span.series-text", name && !("__name__" in shared) ? el("span.t-name", name) : null, pairs.length || !name ? ["{", inner, "}"] : null);
}

function valueNode(text, unit) {
  const number = toNumber(text);
  return el("span", { title: unit === "short" ? null : format(number, unit) }, valueText(text));
}

/** The server's digits, grouped. */
const valueText = (text) => (/^-?\d+(\.\d+)?$/.test(text) ? withSeparators(text.replace("-", "−")) : text);

function samplesNode(row) {
  const samples = row.values ?? [];
  return el("details",
    el("summary", `${samples.length} samples`),
    el("div.sample-list",
      samples.slice(-200).map(([time, value]) => el("div",
        el("span", valueText(value)),
        el("span.muted", ` @ ${dateTime(time * 1000, { millis: true })}`),
      )),
    ),
  );
}

function histogramNode(histogram) {
  const buckets = histogram.buckets ?? [];
  return el("details.histogram", el("summary", `count ${valueText(histogram.count)}, sum ${format(toNumber(histogram.sum))}`),
    el("div.sample-list",
      buckets.map(([bounds, low, high, n]) => el("div",
        el("span", `${[1, 3].includes(bounds) ? "[" : "("}${low}, ${high}${[0, 3].includes(bounds) ? "]" : ")"}`),
        el("span.muted", ` ${n}`),
      )),
    ));
}
