// The query page: several panels over one time range, all of it in the URL. Prometheus's own links (g0.expr, g0.tab, g0.range_input,
// g0.end_input, g0.step_input, g0.display_mode) are understood, and the ones written here open in Prometheus.

import { el, fill } from "../system/dom.js";
import { icon } from "../system/icons.js";
import { METRICS_TABS, mountFrame } from "../system/frame.js";
import { TimeState, parseTime } from "../system/time.js";
import { addShortcuts } from "../system/keys.js";
import { addPaletteSource } from "../system/palette.js";
import { onNavigate, params, setParams } from "../system/url.js";
import { parseDuration } from "../system/format.js";
import { QueryPanel } from "./panel.js";
import { aboutMetric, forgetCatalog, metricNames } from "./catalog.js";
import { starterFor } from "./starter.js";

/** @typedef {import("./panel.js").PanelState} PanelState */

adoptPrometheusTimes();
const time = new TimeState();
const frame = mountFrame({ section: "metrics", title: "Query", crumbs: [{ label: "Metrics" }], tabs: METRICS_TABS, time, width: "full" });
const list = el("div.queries");
const add = el("button.ghost.add-query",
  { type: "button", onclick: () => addPanel({ expr: "", tab: "graph", mode: "lines", step: "" }, panels.length).editor.focus() },
  icon("plus", 16),
  "Add a query",
);
frame.main.append(list, add);

/** @type {QueryPanel[]} */
let panels = [];
show(readPanels());

time.onChange(({ reason }) => {
  if (reason === "interval") return;
  if (reason === "refresh") forgetCatalog();
  for (const panel of panels) panel.run({ quiet: true });
});
onNavigate(() => {
  const wanted = readPanels();
  if (JSON.stringify(wanted) !== JSON.stringify(panels.map((panel) => panel.state))) show(wanted);
});
addShortcuts("Query", [
  { keys: "e", does: "Edit the expression", run: () => panels[0].editor.focus() },
  { keys: "a", does: "Add a query", run: () => add.click() },
  { keys: "Enter", does: "Run" }, { keys: "Shift Enter", does: "New line" }, {
    keys: "Ctrl Space", does: "What can be written here",
  }, { keys: "Tab", does: "Take the completion" },
]);
addShortcuts("Graph", [
  { keys: "← →", does: "Walk along the points" }, { keys: "Shift ← →", does: "Select a range" }, {
    keys: "Enter", does: "Zoom to it, or pin the point",
  }, { keys: "Backspace", does: "Back from the zoom" },
]);
addPaletteSource({
  title: "Metrics", atLeast: 1,
  search: async () => (await metricNames()).map((name) => ({ label: name, icon: "metrics", run: () => query(name) })),
});

/** Puts an expression into the first empty panel, or the first one. @param {string} expr */
async function query(expr) {
  const panel = panels.find((one) => !one.state.expr) ?? panels[0];
  const about = await aboutMetric(expr);
  panel.editor.value = about?.type === "counter" ? `rate(${expr}[5m])` : expr;
  panel.run();
}

/** @param {PanelState[]} states */
function show(states) {
  for (const panel of panels) panel.remove();
  panels = [];
  fill(list);
  states.forEach((state, index) => addPanel(state, index));
  if (!states[0].expr) panels[0].editor.focus();
}

/** @param {PanelState} state @param {number} index */
function addPanel(state, index) {
  const panel = new QueryPanel(state, time, {
    onChange: writePanels,
    onDuplicate: () => {
      addPanel(panel.state, panels.indexOf(panel) + 1);
      writePanels();
    },
    onRemove: () => {
      if (panels.length === 1) addPanel({ expr: "", tab: panel.state.tab, mode: "lines", step: "" }, 1);
      panels.splice(panels.indexOf(panel), 1);
      panel.remove();
      writePanels();
    },
    starter: starterFor,
  });
  list.insertBefore(panel.element, panels[index]?.element ?? null);
  panels.splice(index, 0, panel);
  return panel;
}

/** @returns {PanelState[]} */
function readPanels() {
  const query = params();
  const states = [];
  for (let index = 0; index < 40; index++) {
    const get = (name) => query.get(`g${index}.${name}`);
    if (get("expr") === null) break;
    const step = get("step_input") ?? (get("res_type") === "custom" || get("res_type") === "fixed" ? get("res_step") : "") ?? "";
    states.push({
      expr: get("expr"), tab: ["1", "table"].includes(get("tab")) ? "table" : "graph",
      mode: get("display_mode") === "stacked" || get("stacked") === "1" ? "stacked" : "lines",
      step: /^\d+$/.test(step) ? `${step}s` : step,
    });
  }
  return states.length ? states : [{ expr: query.get("query") ?? "", tab: "graph", mode: "lines", step: "" }];
}

function writePanels() {
  const changes = Object.fromEntries([...params().keys()].filter((name) => /^g\d+\./.test(name) || name === "query").map((name) => [name, null]));
  panels.forEach(({ state }, index) => {
    if (!state.expr && panels.length === 1) return;
    changes[`g${index}.expr`] = state.expr === "" ? [""] : state.expr;
    changes[`g${index}.tab`] = state.tab;
    if (state.mode !== "lines") changes[`g${index}.display_mode`] = state.mode;
    if (state.step) changes[`g${index}.step_input`] = String(parseDuration(state.step));
  });
  setParams(changes);
}

/** A link of Prometheus's own names its range a panel: the first one's becomes the page's. */
function adoptPrometheusTimes() {
  const query = params();
  const seconds = parseDuration(query.get("g0.range_input") ?? "");
  const theirs = [...query.keys()].filter((name) => /^g\d+\.(range_input|end_input|moment_input)$/.test(name));
  const changes = Object.fromEntries(theirs.map((name) => [name, null]));
  if (!query.has("from") && seconds > 0) {
    const end = query.get("g0.end_input") ?? query.get("g0.moment_input");
    const to = end ? parseTime(`${end.replace(" ", "T")}${/Z|[+-]\d\d:\d\d$/.test(end) ? "" : "Z"}`) : NaN;
    if (Number.isNaN(to)) [changes.from, changes.to] = [`now-${query.get("g0.range_input")}`, "now"];
    else [changes.from, changes.to] = [to - seconds * 1000, to];
  }
  setParams(changes, { replace: true });
}
