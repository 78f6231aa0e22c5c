// The list of dashboards: by words, tags and stars, grouped by folder.

import { debounce, el, fill } from "../system/dom.js";
import { count } from "../system/format.js";
import { mountFrame } from "../system/frame.js";
import { icon } from "../system/icons.js";
import { addShortcuts } from "../system/keys.js";
import { onNavigate, params, setParams } from "../system/url.js";
import { searchDashboards } from "./api.js";
import { addDashboardsToPalette } from "./palette.js";
import { starButton } from "./star.js";

/** @typedef {import("./api.js").Found} Found */

const frame = mountFrame({ section: "dashboards", title: "Dashboards", width: "page" });
/** @type {Found[]} */
let all = [];

const words = el("input", { type: "search", placeholder: "Find a dashboard", "aria-label": "Find a dashboard", spellcheck: "false", value: params().get("query") ?? "" });
const tags = el(".tags", { role: "group", "aria-label": "Tags" });
const starred = el("button", { type: "button", "aria-pressed": "false" }, "Starred");
const list = el(".folders", { "aria-live": "polite" });

words.addEventListener("input", debounce(60, () => {
  setParams({ query: words.value.trim() }, { replace: true });
  draw();
}));
words.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
  if (event.key === "Enter") list.querySelector("a")?.click();
  else if (event.key === "ArrowDown") step(1);
  else return;
  event.preventDefault();
});
starred.addEventListener("click", () => {
  setParams({ starred: params().get("starred") ? null : "true" });
  draw();
});

function draw() {
  const query = params();
  const wanted = (query.get("query") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const tag = query.getAll("tag");
  const onlyStarred = query.get("starred") === "true";
  starred.setAttribute("aria-pressed", String(onlyStarred));
  const known = [...new Set(all.flatMap((found) => found.tags ?? []))].sort();
  fill(tags, starred, known.slice(0, 14).map((name) => el("button.small", { type: "button", "aria-pressed": String(tag.includes(name)), onclick: () => {
    setParams({ tag: tag.includes(name) ? tag.filter((other) => other !== name) : [...tag, name] });
    draw();
  } }, name)));
  const found = all.filter((one) => wanted.every((word) => one.title.toLowerCase().includes(word) || (one.tags ?? []).some((name) => name.toLowerCase().includes(word)))
    && tag.every((name) => (one.tags ?? []).includes(name)) && (!onlyStarred || one.isStarred));
  if (!found.length) return fill(list, nothing(Boolean(wanted.length || tag.length || onlyStarred)));
  /** @type {Map<string, Found[]>} */
  const folders = new Map();
  for (const one of found) folders.set(one.folderTitle ?? "", [...(folders.get(one.folderTitle ?? "") ?? []), one]);
  const names = [...folders.keys()].sort((a, b) => (a === "" ? -1 : b === "" ? 1 : a.localeCompare(b)));
  fill(list, names.map((name) => el("section.folder", el("h2", name || "General", el("span.muted", String(folders.get(name)?.length))), el("ul.panel", (folders.get(name) ?? []).map(row)))));
}

const row = (/** @type {Found} */ one) => el("li.dashboard-row", icon("dashboards", 16), el("a", { href: one.url }, one.title),
  el("span.row-tags", (one.tags ?? []).map((tag) => el("span.badge", tag))), starButton(one, (starred) => { one.isStarred = starred; }));

function nothing(narrowed) {
  return narrowed
    ? el(".empty", icon("search", 28), el("h2", "No dashboard matches"), el("p", `${count(all.length, "dashboard")} in all.`), el("button", { type: "button", onclick: () => {
      words.value = "";
      setParams({ query: null, tag: null, starred: null });
      draw();
    } }, "Show all"))
    : el(
      ".empty", icon("dashboards", 28), el("h2", "No dashboards yet"),
      el("p", "JSON files of Grafana dashboards in config/grafana/dashboards are loaded as they are, and again when they change."),
    );
}

function step(by) {
  const links = [...list.querySelectorAll(".dashboard-row a")];
  const at = links.indexOf(/** @type {Element} */ (document.activeElement));
  links[Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
}

addShortcuts("Dashboards", [
  { keys: "f", does: "Find", run: () => words.select() },
  { keys: "j", does: "Next", run: () => step(1) },
  { keys: "k", does: "Previous", run: () => step(-1) },
  { keys: "Enter", does: "Open" },
]);
onNavigate(() => {
  words.value = params().get("query") ?? "";
  draw();
});

fill(frame.main, el(".list-head", el(".with-icon", icon("search", 16), words), tags), list);
fill(list, Array.from({ length: 6 }, () => el(".skeleton.line")));
try {
  all = await searchDashboards();
  draw();
} catch (error) {
  fill(
    list,
    el(
      ".empty", icon("error", 28), el("h2", "The dashboards could not be listed"), el("p", error.message),
      el("button", { type: "button", onclick: () => location.reload() }, icon("refresh", 16), "Try again"),
    ),
  );
}
if (matchMedia("(hover: hover)").matches) words.focus();
addDashboardsToPalette();
