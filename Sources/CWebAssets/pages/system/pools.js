// A page of folding groups: a field that filters them, when they were read, and reading them again for as long as somebody looks.

import { debounce, el, fill } from "./dom.js";
import { clockTime } from "./format.js";
import { doorsReady } from "./doors.js";
import { icon } from "./icons.js";
import { addShortcuts } from "./keys.js";
import { onNavigate, params, setParams } from "./url.js";

const REFRESH_MILLIS = 5000;

/**
 * Builds the tools and the place of the groups into `main` and keeps them fresh.
 * - `title`: of the page, over its keys. `filter`: what the field filters by. `before`, `after`: what stands around the field.
 * - `read` asks the server; `draw` shows what it said, with the words of the field, and is called again whenever those change.
 * @param {HTMLElement} main
 * @param {{title: string, filter: string, before?: import("./dom.js").Child, after?: import("./dom.js").Child, read: () => Promise<void>, draw: (content: HTMLElement, words: string[]) => void}} page
 */
export function poolsPage(main, { title, filter, before, after, read, draw }) {
  const field = el("input",
    { type: "search", placeholder: `Filter by ${filter}`, "aria-label": `Filter ${title.toLowerCase()}`, value: params().get("search") ?? "" },
  );
  const updated = el("span.muted.updated", { role: "status" });
  const content = el("div.pools", el("div.skeleton.tall"), el("div.skeleton.tall"));
  main.append(el("div.page-tools", before, el("span.with-icon.grow", icon("search", 16), field), after, updated), content);

  let known = false;
  // Who marks text to copy it keeps it until the next time.
  const marks = () => content.contains(getSelection()?.anchorNode) && !getSelection().isCollapsed;
  const redraw = () => known && draw(content, field.value.toLowerCase().split(/\s+/).filter(Boolean));
  const load = async () => {
    try {
      await read();
      known = true;
      updated.textContent = `As of ${clockTime(Date.now())}`;
      if (!marks()) redraw();
    } catch (error) {
      if (known) updated.textContent = error.message;
      else fill(content, el("div.notice.bad", { role: "alert" }, icon("error", 16), el("p", error.message)));
    }
  };
  field.addEventListener("input", debounce(120, () => {
    setParams({ search: field.value }, { replace: true });
    redraw();
  }));
  onNavigate(() => {
    field.value = params().get("search") ?? "";
    redraw();
  });
  addShortcuts(title, [{ keys: "f", does: "Filter", run: () => field.focus() }, { keys: "r", does: "Refresh", run: load }]);
  document.addEventListener("visibilitychange", () => !document.hidden && load());
  setInterval(() => !document.hidden && load(), REFRESH_MILLIS);
  doorsReady.then(load);
  return {
    /** Asks the server now. */
    load,
    /** Shows again what was read. */
    redraw,
    /** Empties the field. */
    clear() {
      field.value = "";
      setParams({ search: null });
    },
  };
}
