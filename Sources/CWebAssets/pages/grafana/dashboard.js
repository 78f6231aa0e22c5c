// A dashboard: the document laid out, its variables and time in the URL, its panels alive.

import { el, fill } from "../system/dom.js";
import { mountFrame } from "../system/frame.js";
import { icon } from "../system/icons.js";
import { addShortcuts } from "../system/keys.js";
import { TimeState } from "../system/time.js";
import { onNavigate, params, setParams } from "../system/url.js";
import { fetchDashboard, searchDashboards } from "./api.js";
import { annotationsOf } from "./annotations.js";
import { allPanels, sections } from "./model/document.js";
import { interpolate } from "./model/interpolate.js";
import { Variables } from "./model/variables.js";
import { addDashboardsToPalette } from "./palette.js";
import { Panel } from "./panel.js";
import { rememberDashboard } from "./recent.js";
import { starButton } from "./star.js";
import { variableBar } from "./variable-bar.js";

const uid = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const crumbs = [{ label: "Dashboards", href: "/dashboards" }];

/** @param {any} dashboard @param {any} meta */
async function show(dashboard, meta) {
  const time = new TimeState({ from: dashboard.time?.from ?? "now-1h", to: dashboard.time?.to ?? "now", refresh: typeof dashboard.refresh === "string" ? dashboard.refresh : "" });
  const title = dashboard.title ?? "Dashboard";
  const frame = mountFrame({ section: "dashboards", title, crumbs, time, width: "full", actions: starButton({ uid, title, isStarred: Boolean(meta.isStarred) }) });
  rememberDashboard(uid);
  const variables = new Variables(dashboard);
  variables.read(params());

  const grid = el(".board");
  const bar = variableBar(variables, async (changed) => {
    writeVariables(changed);
    await variables.reloadAfter(changed, time.range());
    bar.draw();
    build();
  });
  fill(frame.main, bar.element, links(dashboard, variables, time), grid);
  frame.main.classList.add("dashboard-page");

  /** @type {Map<string, boolean>} sections folded or unfolded by hand */
  const folds = new Map();
  /** @type {Panel[]} */
  let panels = [];
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) panels.find((panel) => panel.element === entry.target)?.setSeen(entry.isIntersecting);
  }, { rootMargin: "240px" });

  const view = (/** @type {number | null} */ id) => {
    setParams({ viewPanel: id });
    build();
    if (id === null) grid.querySelector(".panel-menu")?.blur();
  };
  /** @type {import("./panel.js").Board} */
  const board = { time, variables, dashboard: { ...dashboard, uid }, onView: view, marks: Promise.resolve([]) };
  const mark = () => { board.marks = annotationsOf(dashboard, variables.lookup, time.range()).catch(() => []); };

  function build() {
    for (const panel of panels) {
      watcher.unobserve(panel.element);
      panel.destroy();
    }
    const list = sections(structuredClone(dashboard), (name) => variables.list.find((variable) => variable.name === name)?.each ?? []);
    const alone = params().get("viewPanel")?.replace(/^panel-/, "");
    const viewed = alone && allPanels(list).find((place) => String(place.id) === alone);
    panels = [];
    mark();
    grid.classList.toggle("alone", Boolean(viewed));
    bar.element.classList.toggle("alone", Boolean(viewed));
    const make = (place) => {
      const panel = new Panel(place, board);
      panels.push(panel);
      Object.entries({ "--x": place.x + 1, "--y": place.y + 1, "--w": place.w, "--h": place.h }).forEach(([name, value]) => panel.element.style.setProperty(name, String(value)));
      return panel.element;
    };
    if (viewed) fill(grid, el(".board-alone", make(viewed)));
    else if (!allPanels(list).length) fill(grid, el(".empty", icon("dashboards", 28), el("h2", "An empty dashboard"), el("p", "Its document has no panels.")));
    else fill(grid, list.map((section) => sectionNode(section, make)));
    for (const panel of panels) watcher.observe(panel.element);
  }

  function sectionNode(section, make) {
    const folded = folds.get(section.key) ?? section.collapsed;
    const scoped = variables.scoped(section.scoped);
    const head = section.title && el("h2.row-head", el("button", { type: "button", "aria-expanded": String(!folded), onclick: () => {
      folds.set(section.key, !folded);
      build();
    } }, icon(folded ? "forward" : "down", 16), interpolate(section.title, scoped, "text"), folded && section.panels.length > 0 && el(
      "span.muted", `${section.panels.length} ${section.panels.length === 1 ? "panel" : "panels"}`,
    )));
    return el("section.board-section", head || null, folded ? null : el(".board-grid", section.panels.map(make)));
  }

  function writeVariables(changed) {
    setParams({ [`var-${changed.name}`]: changed.chosen });
  }

  const refreshAll = () => {
    mark();
    panels.forEach((panel) => panel.refresh());
  };
  time.onChange(async ({ reason }) => {
    if (reason === "interval") return;
    if (reason === "range" && variables.list.some((variable) => Number(variable.json.refresh) === 2 || variable.type === "interval")) {
      await variables.load(time.range());
      bar.draw();
    }
    refreshAll();
  });
  onNavigate(async () => {
    const before = variables.list.map((variable) => variable.chosen.join("\n")).join("\n\n");
    for (const variable of variables.list) variable.chosen = [].concat(variable.json.current?.value ?? []).map(String);
    variables.read(params());
    await variables.load(time.range());
    const after = variables.list.map((variable) => variable.chosen.join("\n")).join("\n\n");
    bar.draw();
    if (before !== after || Boolean(params().get("viewPanel")) !== grid.classList.contains("alone")) build();
  });

  let pointed = null;
  grid.addEventListener("pointerover", (event) => { pointed = event.target.closest(".dash-panel"); });
  addShortcuts("Dashboard", [
    { keys: "v", does: "View the panel under the pointer, or leave it", run: () => (params().get("viewPanel") ? view(null) : pointed && view(Number(pointed.dataset.panel))) },
    { keys: "Escape", does: "Back to all panels", run: () => params().get("viewPanel") && view(null) },
    { keys: "d r", does: "Refresh every panel", run: refreshAll },
  ]);

  fill(grid, skeleton(dashboard));
  await variables.load(time.range());
  bar.draw();
  build();
}

/** Links of the dashboard: to addresses, and to dashboards that share its tags. */
function links(dashboard, variables, time) {
  const list = (dashboard.links ?? []).filter((link) => link.type === "link" ? link.url : link.type === "dashboards");
  if (!list.length) return null;
  const place = el("nav.board-links", { "aria-label": "Links" });
  const keep = (link) => {
    const query = new URLSearchParams();
    if (link.keepTime) [["from", time.from], ["to", time.to]].forEach(([name, value]) => query.set(name, value));
    if (link.includeVars) for (const variable of variables.list) variable.chosen.forEach((value) => query.append(`var-${variable.name}`, value));
    return query.size ? `?${query}` : "";
  };
  for (const link of list) {
    if (link.type === "link") place.append(el(
      "a",
      {
        href: interpolate(link.url, variables.lookup, "text") + keep(link), title: link.tooltip ?? "", target: link.targetBlank ? "_blank" : null,
        rel: "noopener",
      },
      icon("external", 14), link.title || link.url,
    ));
    else searchDashboards().then((found) => {
      for (const one of found.filter(
        (other) => other.uid !== uid && (link.tags ?? []).every((tag) => (other.tags ?? []).includes(tag)),
      )) place.append(el("a", { href: one.url + keep(link) }, icon("dashboards", 14), one.title));
    }, () => {});
  }
  return place;
}

const skeleton = (dashboard) => el(
  "section.board-section",
  el(
    ".board-grid",
    (dashboard.panels ?? []).filter((panel) => panel.type !== "row" && panel.gridPos).slice(0, 12).map(({ gridPos }) => el(
      ".skeleton", { style: { "--x": gridPos.x + 1, "--y": gridPos.y + 1, "--w": gridPos.w, "--h": gridPos.h } },
    )),
  ),
);

function fail(error) {
  const frame = mountFrame({ section: "dashboards", title: "Dashboard", crumbs });
  const unknown = error.status === 404;
  fill(frame.main, el(".empty", icon(unknown ? "dashboards" : "error", 28), el(
    "h2", unknown ? "No dashboard has this address" : "The dashboard could not be loaded",
  ), el("p", unknown ? "It may have been removed, or its uid has changed." : error.message),
    el("p", el("a.button", { href: "/dashboards" }, "All dashboards"))));
}

addDashboardsToPalette();
try {
  const { dashboard, meta } = await fetchDashboard(uid);
  await show(dashboard, meta);
} catch (error) {
  fail(error);
}
