// The search form. It holds no state of its own beyond what is being typed: every change is handed up as a whole search.

import { el, fill } from "../system/dom.js";
import { icon } from "../system/icons.js";
import { isAbort } from "../system/request.js";
import { operations } from "./api.js";
import { parseTags, traceURL } from "./links.js";
import { parseTook } from "./took.js";

/** @typedef {import("./links.js").Search} Search */

export const DEFAULT_LOOKBACK = "1h";
export const DEFAULT_LIMIT = "50";

const LOOKBACKS = [
  ["5m", "Last 5 minutes"], ["15m", "Last 15 minutes"], ["30m", "Last 30 minutes"], ["1h", "Last hour"], ["2h", "Last 2 hours"],
  ["3h", "Last 3 hours"], ["6h", "Last 6 hours"], ["12h", "Last 12 hours"], ["1d", "Last day"], ["2d", "Last 2 days"], ["1w", "Last week"],
  ["custom", "From … to …"],
];
const LIMITS = ["20", "50", "100", "200", "500", "1000", "1500"];

/** @param {{onChange: (search: Search) => void}} hooks */
export function searchForm({ onChange }) {
  /** @type {Search} */
  let search = { tags: {} };
  let asked = new AbortController();
  let operationsOf = "";

  const service = el("select", { name: "service" });
  const operation = el("select", { name: "operation", disabled: true }, el("option", { value: "" }, "Any operation"));
  const tagInput = el("input.tag-input", { placeholder: "error=true http.route=/a", "aria-label": "Add tags", spellcheck: "false", autocapitalize: "off", autocomplete: "off" });
  const chips = el(".tag-chips", tagInput);
  const lookback = el("select", { name: "lookback" }, LOOKBACKS.map(([value, label]) => el("option", { value }, label)));
  const from = el("input", { type: "datetime-local", step: "1", "aria-label": "From" });
  const to = el("input", { type: "datetime-local", step: "1", "aria-label": "To" });
  const exact = el(".exact-range", { hidden: true }, from, to);
  const least = el("input", { name: "minDuration", placeholder: "100ms", "aria-label": "At least", spellcheck: "false" });
  const most = el("input", { name: "maxDuration", placeholder: "2.5s", "aria-label": "At most", spellcheck: "false" });
  const limit = el("select", { name: "limit" });
  const id = el("input", { placeholder: "Open by trace id", "aria-label": "Open by trace id", spellcheck: "false", autocomplete: "off" });

  const change = (/** @type {Partial<Search>} */ part) => onChange({ ...search, ...part });
  service.addEventListener("change", () => change({ service: service.value || undefined, operation: undefined }));
  operation.addEventListener("change", () => change({ operation: operation.value || undefined }));
  lookback.addEventListener("change", () => {
    if (lookback.value !== "custom") return change({ lookback: lookback.value, start: undefined, end: undefined });
    const now = Date.now();
    change({ lookback: "custom", start: String((now - 36e5) * 1000), end: String(now * 1000) });
  });
  for (const input of [from, to]) {
    input.addEventListener("change", () => {
      const [start, end] = [new Date(from.value).getTime(), new Date(to.value).getTime()];
      const valid = start < end;
      for (const one of [from, to]) one.setAttribute("aria-invalid", String(!valid));
      if (valid) change({ lookback: "custom", start: String(start * 1000), end: String(end * 1000) });
    });
  }
  for (const input of [least, most]) {
    input.addEventListener("change", () => {
      const text = input.value.trim();
      const valid = !text || !Number.isNaN(parseTook(text));
      input.setAttribute("aria-invalid", String(!valid));
      input.title = valid ? "" : "A number with ns, us, ms, s, m or h: 250ms";
      if (valid) change({ [input.name]: text || undefined });
    });
  }
  limit.addEventListener("change", () => change({ limit: limit.value }));
  id.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" || !id.value.trim()) return;
    event.preventDefault();
    location.href = traceURL(id.value.trim().toLowerCase());
  });

  const takeTags = () => {
    const { tags, rest } = parseTags(tagInput.value);
    if (rest && !Object.keys(tags).length) {
      tagInput.setAttribute("aria-invalid", "true");
      tagInput.title = "Write key=value";
      return;
    }
    tagInput.removeAttribute("aria-invalid");
    tagInput.value = rest;
    if (Object.keys(tags).length) change({ tags: { ...search.tags, ...tags } });
  };
  tagInput.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" || (event.key === "," && tagInput.value)) {
      event.preventDefault();
      takeTags();
    } else if (event.key === "Backspace" && !tagInput.value) {
      const keys = Object.keys(search.tags ?? {});
      if (keys.length) dropTag(keys[keys.length - 1]);
    }
  });
  tagInput.addEventListener("blur", () => tagInput.value && takeTags());
  chips.addEventListener("click", (event) => event.target === chips && tagInput.focus());
  const dropTag = (/** @type {string} */ key) => {
    const { [key]: _, ...tags } = search.tags ?? {};
    change({ tags });
  };

  const labelled = (/** @type {string} */ label, /** @type {any} */ ...controls) => el("label.field", el("span", label), ...controls);
  const quick = el("button.link", { type: "button", onclick: () => change({ tags: { ...search.tags, error: "true" } }) }, "only errors");
  const fields = el("form.search-form", {},
    labelled("Service", service), labelled("Operation", operation),
    el(".field", el("span.field-line", "Tags", quick), chips),
    el(".field", el("span", "Duration"), el(".pair", least, el("span.muted", "to"), most)),
    labelled("Time", lookback), exact, labelled("At most", limit),
    el("button.primary", { type: "submit" }, icon("search", 16), "Find traces"),
    el("hr"), el(".with-icon", icon("traces", 16), id));
  fields.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    if (tagInput.value) takeTags();
    else change({});
  });
  const summary = el("summary", icon("filter", 16), el("span.truncate", "Search"));
  const element = el("details.search-fold", { open: !matchMedia("(max-width: 720px)").matches }, summary, fields);

  const option = (/** @type {string} */ value, label = value) => el("option", { value }, label);
  let services = /** @type {string[]} */ ([]);
  const drawServices = () => {
    const all = search.service && !services.includes(search.service) ? [...services, search.service] : services;
    fill(service, option("", "Any service"), all.map((name) => option(name)));
    service.value = search.service ?? "";
  };
  const drawOperations = async () => {
    operation.disabled = !search.service;
    const keep = search.operation;
    if (operationsOf !== (search.service ?? "")) {
      fill(operation, option("", "Any operation"), keep && option(keep));
      operationsOf = search.service ?? "";
      asked.abort();
      asked = new AbortController();
      if (search.service) {
        try {
          const names = await operations(search.service, asked.signal);
          fill(operation, option("", `Any of ${names.length} operations`), names.map((name) => option(name)));
        } catch (error) {
          if (isAbort(error)) return;
          operationsOf = "";
        }
      }
    }
    if (search.operation && ![...operation.options].some((o) => o.value === search.operation)) operation.append(option(search.operation));
    operation.value = search.operation ?? "";
  };

  return {
    element,
    focus: () => service.focus(),
    /** @param {string[]} names */
    setServices(names) {
      services = names;
      drawServices();
    },
    /** Shows a search. @param {Search} next */
    set(next) {
      search = next;
      drawServices();
      drawOperations();
      const tags = Object.entries(next.tags ?? {});
      quick.hidden = tags.some(([key]) => key === "error");
      fill(chips, tags.map(([key, value]) => el("span.tag-chip", { title: `${key}=${value}` }, el("span.truncate", el("span.muted", `${key}=`), value),
        el("button", { type: "button", "aria-label": `Remove ${key}`, onclick: () => dropTag(key) }, icon("close", 12)))), tagInput);
      tagInput.placeholder = tags.length ? "" : "error=true http.route=/a";
      const custom = Boolean(next.start && next.end);
      lookback.value = custom ? "custom" : next.lookback ?? DEFAULT_LOOKBACK;
      if (!lookback.value) {
        lookback.append(option(next.lookback ?? "", `Last ${next.lookback}`));
        lookback.value = next.lookback ?? "";
      }
      exact.hidden = !custom;
      if (custom) {
        from.value = localInput(Number(next.start) / 1000);
        to.value = localInput(Number(next.end) / 1000);
      }
      least.value = next.minDuration ?? "";
      most.value = next.maxDuration ?? "";
      const wanted = next.limit ?? DEFAULT_LIMIT;
      fill(limit, (LIMITS.includes(wanted) ? LIMITS : [wanted, ...LIMITS]).map((n) => option(n, `${n} traces`)));
      limit.value = wanted;
      fill(
        summary.lastElementChild,
        [
          next.service ?? "Any service", next.operation, ...tags.map(([key, value]) => `${key}=${value}`), lookback.selectedOptions[0]?.textContent,
        ].filter(Boolean).join(" · "),
      );
    },
  };
}

/** Milliseconds as a datetime-local value in the viewer's zone. */
function localInput(/** @type {number} */ millis) {
  const date = new Date(millis);
  return new Date(millis - date.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
}
