// The command palette (Ctrl or ⌘ K): one field over everything. Pages add sources; a source answers with items.

import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { doorURL, hasDoor } from "./doors.js";

/** @typedef {{label: string, detail?: string, hint?: string, icon?: string, href?: string, run?: () => void, score?: number}} PaletteItem */
/**
 * Where items come from. `search` may answer at once or later; it gets the words typed (trimmed, maybe "") and a signal that says nobody
 * waits any more. Items are ranked by how well their label matches; `keepAll` shows a source's items whatever was typed.
 * @typedef {{title: string, search: (words: string, signal: AbortSignal) => PaletteItem[]|Promise<PaletteItem[]>, keepAll?: boolean, atLeast?: number}} PaletteSource
 */

const SHOWN_EACH = 8;

/** @type {PaletteSource[]} */
const sources = [];

/** Adds a source; those added first stand first, and one of the same title is replaced. @param {PaletteSource} source */
export function addPaletteSource(source) {
  const at = sources.findIndex((other) => other.title === source.title);
  if (at >= 0) sources[at] = source;
  else sources.push(source);
}

/** Lists fetched from another door, kept while the page lives. @type {Map<string, Promise<string[]>>} */
const lists = new Map();

/** The `data` of an API behind a door, an array of names; none where it cannot be asked. */
function listBehind(door, path) {
  const url = doorURL(door, path);
  if (!hasDoor(door)) return Promise.resolve([]);
  if (!lists.has(url)) lists.set(url,
    fetch(url).then((answer) => answer.json()).then(({ data }) => (Array.isArray(data) ? data : [])).catch(() => []),
  );
  return lists.get(url);
}

addPaletteSource({
  title: "Traces",
  keepAll: true,
  search: (words) => (/^[0-9a-f]{16}$|^[0-9a-f]{32}$/i.test(words) && hasDoor("jaeger") ? [{
    label: "Open trace", detail: words, icon: "traces", href: doorURL("jaeger", `/trace/${words.toLowerCase()}`),
  }] : []),
});
addPaletteSource({ title: "Pages", search: () => [] });
addPaletteSource({
  title: "Services",
  atLeast: 1,
  search: async () => (await listBehind("jaeger", "/api/services")).map((name) => ({
    label: name, detail: "traces", icon: "traces",
    href: doorURL("jaeger", `/search?service=${encodeURIComponent(name)}`),
  })),
});
addPaletteSource({
  title: "Metrics",
  atLeast: 1,
  search: async () => (await listBehind("prometheus",
    "/api/v1/label/__name__/values",
  )).map((name) => ({ label: name, icon: "metrics", href: doorURL("prometheus", `/query?g0.expr=${encodeURIComponent(name)}&g0.tab=graph`) })),
});

/** Opens the palette; a second call closes it. */
export function openPalette() {
  const already = document.querySelector("dialog.palette");
  if (already) {
    already.close();
    return;
  }
  let stop = new AbortController();
  let items = [];
  let at = 0;
  const field = el("input.palette-field",
    {
      type: "text", placeholder: "Search pages, metrics, services, a trace id…", "aria-label": "Search everything",
      role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list", autocomplete: "off",
      spellcheck: "false",
    },
  );
  const list = el("div.palette-list", { id: "palette-list", role: "listbox" });
  const dialog = el("dialog.palette", { "aria-label": "Search everything" }, el("div.palette-head", icon("search"), field, el("kbd", "Esc")), list);

  const choose = (item) => {
    dialog.close();
    if (item.href) location.href = item.href;
    else item.run?.();
  };
  const mark = () => {
    list.querySelectorAll("[role=option]").forEach((node, index) => {
      node.setAttribute("aria-selected", String(index === at));
      if (index === at) node.scrollIntoView({ block: "nearest" });
    });
    field.setAttribute("aria-activedescendant", items.length ? `palette-${at}` : "");
  };
  const show = (groups) => {
    items = groups.flatMap((group) => group.items);
    at = 0;
    let index = 0;
    fill(list, groups.filter((group) => group.items.length).map((group) => [el("div.palette-group", group.title), group.items.map((item) => {
      const mine = index++;
      const onpointermove = () => {
        if (at === mine) return;
        at = mine;
        mark();
      };
      const onclick = (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        choose(item);
      };
      return el("a.palette-item", { id: `palette-${mine}`, role: "option", href: item.href, onpointermove, onclick },
        icon(item.icon ?? "forward", 16),
        el("span.palette-label", item.label),
        item.detail ? el("span.palette-detail", item.detail) : null,
        item.hint ? el("span.palette-hint", item.hint) : null,
      );
    })]), items.length ? null : el("p.palette-none", "Nothing of that name."));
    mark();
  };
  const search = () => {
    stop.abort();
    const mine = (stop = new AbortController());
    const words = field.value.trim();
    const groups = sources.map((source) => ({ title: source.title, items: [] }));
    sources.forEach(async (source, index) => {
      if (words.length < (source.atLeast ?? 0)) return;
      try {
        const found = await source.search(words, mine.signal);
        if (mine.signal.aborted) return;
        groups[index].items = ranked(found, source.keepAll ? "" : words).slice(0, words ? SHOWN_EACH : 30);
        show(groups);
      } catch {
        // A source that cannot answer leaves its place to the others.
      }
    });
  };
  field.addEventListener("input", search);
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && items.length) {
      event.preventDefault();
      at = (at + step + items.length) % items.length;
      mark();
    } else if (event.key === "Enter" && items[at]) {
      event.preventDefault();
      choose(items[at]);
    }
  });
  dialog.addEventListener("close", () => {
    stop.abort();
    dialog.remove();
  });
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  field.focus();
  search();
}

/** Items that match every word, best first. @param {PaletteItem[]} items @param {string} words */
export function ranked(items, words) {
  if (!words) return items;
  const wanted = words.toLowerCase().split(/\s+/);
  const scored = [];
  for (const item of items) {
    const text = `${item.label} ${item.detail ?? ""}`.toLowerCase();
    let score = item.score ?? 0;
    const all = wanted.every((word) => {
      const place = text.indexOf(word);
      if (place < 0) return false;
      score += place === 0 ? 100 : /[\s_:./-]/.test(text[place - 1]) ? 50 : 10;
      return true;
    });
    if (all) scored.push({ item, score: score - text.length / 10 });
  }
  return scored.sort((a, b) => b.score - a.score).map(({ item }) => item);
}
