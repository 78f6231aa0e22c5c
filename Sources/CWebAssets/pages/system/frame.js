// The frame around every page: rail, top bar, content. A page calls `mountFrame` once and fills `frame.main`.

import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { doorURL, doorsReady, hasDoor } from "./doors.js";
import { openMenu } from "./float.js";
import { addShortcuts, showKeys } from "./keys.js";
import { timeControls } from "./timepicker.js";
import { copy } from "./snippet.js";
import { openPalette, addPaletteSource } from "./palette.js";

/** @typedef {"home"|"dashboards"|"traces"|"alerts"|"metrics"|"push"} Section */
/** @typedef {{label: string, href?: string}} Crumb */
/** @typedef {{label: string, href: string, current?: boolean}} Tab */

/** The sections of the product and the door each stands behind, in the order of the rail. */
export const SECTIONS = [
  { id: "home", label: "Home", icon: "home", door: "grafana", path: "/", key: "g h" },
  { id: "dashboards", label: "Dashboards", icon: "dashboards", door: "grafana", path: "/dashboards", key: "g d" },
  { id: "traces", label: "Traces", icon: "traces", door: "jaeger", path: "/search", key: "g t" },
  { id: "alerts", label: "Alerts", icon: "alerts", door: "grafana", path: "/alerting", key: "g a" },
  { id: "metrics", label: "Metrics", icon: "metrics", door: "prometheus", path: "/query", key: "g m" },
  { id: "push", label: "Push", icon: "push", door: "pushgateway", path: "/", key: "g p" },
];

/** The pages inside the metrics section. @type {Tab[]} */
export const METRICS_TABS = ["Query", "Alerts", "Rules", "Targets", "Status"].map((label) => ({ label, href: `/${label.toLowerCase()}` }));

/**
 * Builds the frame into `<body>`.
 *
 * - `section`: which item of the rail is lit. `title`: of the page and the document. `crumbs`: what stands before the title.
 * - `tabs`: pages beside this one; shown in the top bar instead of the title, the one whose `href` is this path is current.
 * - `time`: a TimeState; gives the bar its range and refresh controls and the keys r, ← →, z.
 * - `width`: "full" to the edges (dashboards, queries), "page" at most 1,200 px (lists, forms).
 * - `actions`: buttons before the time controls.
 *
 * @param {{section: Section, title: string, crumbs?: Crumb[], tabs?: Tab[], time?: import("./time.js").TimeState, width?: "full"|"page", actions?: import("./dom.js").Child}} options
 */
export function mountFrame({ section, title, crumbs = [], tabs = [], time, width = "page", actions }) {
  const heading = el("div.bar-title");
  const actionsPlace = el("div.bar-actions", actions);
  const main = el("main.main", { id: "main", tabindex: "-1", class: width });
  const tabsPlace = tabs.length ? el("nav.tabs", { "aria-label": "Pages of this section" }, tabs.map((tab) => el("a", {
    href: tab.href, "aria-current": tab.current ?? tab.href === location.pathname ? "page" : null,
  }, tab.label))) : null;
  const bar = el("header.bar", heading, tabsPlace, el("div.bar-space"), actionsPlace, time ? timeControls(time) : null, el("div.bar-tools",
    el("button.ghost.square",
      { type: "button", "aria-label": "Search everything", title: "Search everything (Ctrl K)", onclick: openPalette },
      icon("search"),
    ),
    shareButton(time), themeButton()));
  document.body.prepend(el("a.skip", { href: "#main" }, "Skip to content"), rail(section), bar, main);

  const frame = {
    /** The content. @type {HTMLElement} */
    main,
    /** The top bar, for the rare page that needs more of it. @type {HTMLElement} */
    bar,
    /** @param {string} text @param {Crumb[]} [before] */
    setTitle(text, before = crumbs) {
      document.title = `${text} · ObservabilityStack`;
      const shown = tabs.length ? before : [...before, { label: text }];
      fill(heading, shown.map((crumb, index) => [
        index ? el("span.bar-slash", { "aria-hidden": "true" }, "/") : null,
        crumb.href ? el("a.bar-crumb", { href: crumb.href }, crumb.label) : el(tabs.length ? "span.bar-section" : "h1", crumb.label),
      ]), tabs.length ? el("h1.unseen", text) : null);
    },
    /** Replaces the buttons before the time controls. @param {...import("./dom.js").Child} nodes */
    setActions: (...nodes) => fill(actionsPlace, ...nodes),
  };
  frame.setTitle(title);
  pageShortcuts(time);
  addPaletteSource({
    title: "Pages",
    search: () => pages(),
  });
  return frame;
}

function pages() {
  const sections = SECTIONS.filter((item) => hasDoor(item.door)).map((item) => ({
    label: item.label, icon: item.icon, hint: item.key, href: doorURL(item.door, item.path),
  }));
  const metrics = METRICS_TABS.slice(1).map((tab) => ({
    label: `Metrics: ${tab.label.toLowerCase()}`, icon: "metrics", href: doorURL("prometheus", tab.href),
  }));
  const themes = [["dark", "moon", "Dark theme"], ["light", "sun", "Light theme"], ["system", "system", "Theme of the system"]]
    .map(([theme, name, label]) => ({ label, icon: name, run: () => globalThis.obstackTheme.set(theme) }));
  return [...sections, ...metrics, { label: "Keys of this page", icon: "keyboard", hint: "?", run: showKeys }, ...themes];
}

function rail(section) {
  const links = SECTIONS.map((item) => ({
    item,
    node: el("a.rail-item",
      { href: doorURL(item.door, item.path), "aria-current": item.id === section ? "page" : null, "data-label": item.label },
      icon(item.icon, 20),
      el("span", item.label),
    ),
  }));
  doorsReady.then(() => {
    for (const { item, node } of links) {
      node.setAttribute("href", doorURL(item.door, item.path));
      node.hidden = !hasDoor(item.door);
    }
  });
  const wide = /(?:^|; )obstack_rail=open/.test(document.cookie);
  document.documentElement.classList.toggle("rail-open", wide);
  const widen = () => {
    const now = document.documentElement.classList.toggle("rail-open");
    toggle.setAttribute("aria-expanded", String(now));
    document.cookie = `obstack_rail=${now ? "open" : "shut"}; path=/; max-age=31536000; samesite=lax`;
  };
  const toggle = el("button.rail-item.rail-toggle",
    { type: "button", "data-label": "Expand", "aria-expanded": String(wide), "aria-label": "Labels beside the icons", onclick: widen },
    icon("open", 20),
    el("span", "Collapse"),
  );
  return el("nav.rail", { "aria-label": "Sections" },
    el("a.rail-brand", { href: doorURL("grafana", "/"), "aria-label": "ObservabilityStack, home" },
      el("img", { src: "/assets/icon.svg", alt: "", width: 24, height: 24 }),
      el("span", "Observability"),
    ),
    links.map(({ node }) => node), el("div.rail-space"),
    el("button.rail-item.rail-help", { type: "button", "data-label": "Keys", onclick: showKeys }, icon("keyboard", 20), el("span", "Keys")), toggle);
}

function shareButton(time) {
  const button = el("button.ghost.square", { type: "button", "aria-label": "Share", title: "Share", "aria-haspopup": "menu", onclick: () => openMenu(button, [
    { label: "Copy link to this page", icon: "copy", run: () => copy(location.href, "Link copied") },
    ...(time ? [{ label: "Copy link to exactly this time", icon: "clock", run: () => {
      const { from, to } = time.range();
      const url = new URL(location.href);
      url.searchParams.set("from", String(Math.round(from)));
      url.searchParams.set("to", String(Math.round(to)));
      url.searchParams.delete("refresh");
      copy(url.href, "Link copied");
    } }] : []),
  ], { align: "end", label: "Share" }) }, icon("share"));
  return button;
}

function themeButton() {
  const button = el("button.ghost.square.theme-button",
    { type: "button", onclick: () => globalThis.obstackTheme.set(globalThis.obstackTheme.current() === "dark" ? "light" : "dark") },
  );
  const show = () => {
    const dark = globalThis.obstackTheme.current() === "dark";
    fill(button, icon(dark ? "sun" : "moon"));
    button.title = dark ? "Light theme" : "Dark theme";
    button.setAttribute("aria-label", button.title);
  };
  addEventListener("themechange", show);
  show();
  return button;
}

function pageShortcuts(time) {
  addShortcuts("Everywhere", [
    { keys: "Mod K", does: "Search everything", inFields: true, run: () => openPalette() },
    { keys: "/", run: () => openPalette() },
    { keys: "?", does: "Show these keys", run: showKeys },
    ...SECTIONS.map(({ key, label, door, path }) => ({ keys: key, does: `Go to ${label.toLowerCase()}`, run: () => location.assign(doorURL(door, path)) })),
    { keys: "t t", does: "Dark or light", run: () => globalThis.obstackTheme.set(globalThis.obstackTheme.current() === "dark" ? "light" : "dark") },
  ]);
  if (!time) return;
  addShortcuts("Time", [
    { keys: "r", does: "Refresh", run: () => time.reload() },
    { keys: "t z", does: "Zoom out", run: () => time.zoomOut() },
    { keys: "t ←", does: "Earlier", run: () => time.shift(-1) },
    { keys: "t →", does: "Later", run: () => time.shift(1) },
  ]);
}
