// A dashboard document made ready to show: panels in today's form, in sections, in reading order, repeated for their variables.

import { modernise } from "./legacy.js";

/** @typedef {{id: number, x: number, y: number, w: number, h: number, json: any, scoped: Record<string, string>}} PanelPlace grid units; `scoped` variables of its repeat */
/** @typedef {{key: string, title: string, collapsed: boolean, panels: PanelPlace[], scoped: Record<string, string>}} Section `title` "" for panels before the first row */

const COLUMNS = 24;

/**
 * The sections of a dashboard.
 * @param {any} dashboard @param {(name: string) => string[]} valuesOf current values of a variable, for repeats
 * @returns {Section[]}
 */
export function sections(dashboard, valuesOf) {
  const panels = dashboard.panels ? [...dashboard.panels] : fromRows(dashboard.rows ?? []);
  panels.forEach((panel, at) => { if (!panel.gridPos) panel.gridPos = { x: (at % 2) * 12, y: Math.floor(at / 2) * 8, w: 12, h: 8 }; });
  panels.sort((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x);
  /** @type {(Section & {repeat?: string, row?: any})[]} */
  const found = [{ key: "top", title: "", collapsed: false, panels: [], scoped: {} }];
  for (const panel of panels) {
    if (panel.type === "row") {
      const inside = (panel.panels ?? []).map((inner) => place(inner, {}));
      found.push({ key: `row-${panel.id ?? panel.title}`, title: panel.title || "Row", collapsed: panel.collapsed === true, panels: inside, scoped: {}, repeat: panel.repeat });
    } else found[found.length - 1].panels.push(place(panel, {}));
  }
  return found.filter((section) => section.title || section.panels.length).flatMap((section) => {
    const values = section.repeat ? valuesOf(section.repeat) : [];
    if (!section.repeat || !values.length) return [section];
    return values.map((value, at) => {
      const scoped = { [section.repeat]: value };
      return { ...section, key: `${section.key}-${value}`, scoped, panels: section.panels.map((panel) => ({ ...panel, id: panel.id + at * 10000, scoped })) };
    });
  }).map((section) => ({ ...section, panels: tidy(section.panels.flatMap((panel) => repeated(panel, valuesOf))) }));
}

/** Every panel of a dashboard, folded away or not. @param {Section[]} list */
export const allPanels = (list) => list.flatMap((section) => section.panels);

function place(panel, scoped) {
  const { x = 0, y = 0, w = 12, h = 8 } = panel.gridPos ?? {};
  return { id: panel.id ?? 0, x, y, w: Math.min(COLUMNS, w), h, json: modernise(panel), scoped };
}

/** A panel once for each value of the variable it repeats over, side by side or one under another. */
function repeated(panel, valuesOf) {
  const name = panel.json.repeat;
  const values = name && !panel.scoped[name] ? valuesOf(name) : [];
  if (values.length < 2) return [values.length ? { ...panel, scoped: { ...panel.scoped, [name]: values[0] } } : panel];
  const beside = panel.json.repeatDirection !== "v";
  const inLine = beside ? Math.min(values.length, panel.json.maxPerRow ?? 4) : 1;
  const w = beside ? Math.floor(COLUMNS / inLine) : panel.w;
  return values.map((value, at) => ({
    ...panel, id: panel.id + at * 1000, w, x: beside ? (at % inLine) * w : panel.x, y: panel.y + Math.floor(at / inLine) * panel.h,
    pushes: at === 0 ? (Math.ceil(values.length / inLine) - 1) * panel.h : 0,
    scoped: { ...panel.scoped, [name]: value },
  }));
}

/** Starts a section at its own top, and makes room under repeated panels. @param {(PanelPlace & {pushes?: number})[]} panels @returns {PanelPlace[]} */
function tidy(panels) {
  const top = panels.reduce((least, panel) => Math.min(least, panel.y), Infinity);
  const first = new Map();
  const pushes = panels.filter((panel) => panel.pushes);
  for (const panel of pushes) first.set(panel.json, panel);
  return panels.map((panel) => {
    let down = 0;
    for (const push of pushes) if (panel.json !== push.json && panel.y > first.get(push.json).y) down += push.pushes ?? 0;
    return { ...panel, y: panel.y - top + down };
  }).sort((a, b) => a.y - b.y || a.x - b.x);
}

/** Documents before Grafana 5 have rows of panels with spans of twelve. */
function fromRows(rows) {
  const panels = [];
  let y = 0;
  for (const row of rows) {
    const h = Math.max(3, Math.round((parseInt(row.height, 10) || 250) / 38));
    if (row.showTitle || row.collapse || row.repeat) panels.push({
      type: "row", title: row.title, collapsed: Boolean(row.collapse), repeat: row.repeat, panels: [], gridPos: { x: 0, y: y++, w: COLUMNS, h: 1 },
    });
    const into = row.collapse ? panels[panels.length - 1].panels : panels;
    let x = 0;
    for (const panel of row.panels ?? []) {
      const w = Math.round((panel.span ?? 4) * 2);
      if (x + w > COLUMNS) {
        x = 0;
        y += h;
      }
      into.push({ ...panel, gridPos: { x, y, w, h } });
      x += w;
    }
    y += h;
  }
  return panels;
}
