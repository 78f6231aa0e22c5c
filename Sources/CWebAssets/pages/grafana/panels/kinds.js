// Which picture a panel's type gets.

import { BarGauge } from "./bargauge.js";
import { Gauge } from "./gauge.js";
import { HeatMap } from "./heatmap.js";
import { Pie } from "./pie.js";
import { Stats } from "./stat.js";
import { States } from "./states.js";
import { Table } from "./table.js";
import { Text } from "./text.js";
import { TimeSeries } from "./timeseries.js";

/** @type {Record<string, new (body: HTMLElement, panel: any, around: import("./answer.js").Surroundings) => import("./answer.js").Picture>} */
const KINDS = {
  timeseries: TimeSeries, trend: TimeSeries, candlestick: TimeSeries, barchart: BarGauge, histogram: HeatMap, stat: Stats, gauge: Gauge, bargauge: BarGauge,
  piechart: Pie, table: Table, text: Text, heatmap: HeatMap, "state-timeline": States, "status-history": States,
};

/** The picture for a type; undefined for types that have none here. @param {string} type */
export const pictureOf = (type) => KINDS[type];

/** Panels that show words, and ask for nothing. @param {string} type */
export const asksNothing = (type) => type === "text";

/** What to say of a type without a picture. @param {string} type */
export function absence(type) {
  const what = {
    logs: "Logs are not stored here yet.", alertlist: "Alerts are not on dashboards yet.",
    news: "News come from outside; this stack stays on this machine.", dashlist: "Lists of dashboards are on the home page.",
    nodeGraph: "Node graphs are not drawn yet.",
  };
  if (!type) return "This panel comes from a library that is not here.";
  return what[type] ?? `Panels of the type “${type}” are not drawn yet.`;
}
