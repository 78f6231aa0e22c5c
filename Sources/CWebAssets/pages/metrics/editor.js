// The expression editor: a textarea under its own colours, with completion, paired brackets and marked errors.

import { el, fill, debounce } from "../system/dom.js";
import { tokenize } from "./promql.js";
import { helpOf, suggest } from "./completion.js";

const PAIRS = { "(": ")", "[": "]", "{": "}", '"': '"', "'": "'", "`": "`" };
const KIND_LETTERS = { metric: "m", function: "ƒ", aggregation: "Σ", keyword: "k", label: "l", value: "v", range: "t" };

export class ExpressionEditor {
  /** @param {{value?: string, onRun: (text: string) => void, onChange?: (text: string) => void, label?: string}} options Enter runs, Shift+Enter is a new line */
  constructor({ value = "", onRun, onChange, label = "Expression" }) {
    this.onRun = onRun;
    this.onChange = onChange;
    /** @type {{start: number, end: number}|null} */
    this.problem = null;
    this.paint = el("pre.editor-paint", { "aria-hidden": "true" });
    this.field = el("textarea.editor-text", {
      value, rows: "1", spellcheck: "false", autocomplete: "off", autocapitalize: "off", autocorrect: "off",
      placeholder: "Expression, such as rate(requests_total[5m])",
      "aria-label": label, role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false",
    });
    this.element = el("div.editor", this.paint, this.field);
    this.list = el("div.complete", { hidden: true, role: "listbox", "aria-label": "Completions" });
    /** @type {import("./completion.js").Suggestion[]} */
    this.items = [];
    this.at = 0;
    this.asking = 0;
    /** The text as the last completion left it: it asks for no further one. */
    this.accepted = "";
    this.completeSoon = debounce(60, () => {
      if (this.value !== this.accepted) this.#complete(false);
    });
    this.field.addEventListener("input", () => {
      this.problem = null;
      this.#colour();
      this.onChange?.(this.value);
      this.completeSoon();
    });
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.field.addEventListener("blur", () => this.#close());
    this.field.addEventListener("scroll", () => (this.paint.scrollTop = this.field.scrollTop));
    this.field.addEventListener("click", () => this.#close());
    this.#colour();
  }

  get value() {
    return this.field.value;
  }

  set value(text) {
    if (text === this.field.value) return;
    this.field.value = text;
    this.problem = null;
    this.#colour();
  }

  /** Marks what is wrong, as [start, end) in the text; null clears. @param {{start: number, end: number}|null} problem */
  mark(problem) {
    this.problem = problem;
    this.#colour();
    this.field.setAttribute("aria-invalid", String(problem !== null));
  }

  focus() {
    this.field.focus();
    this.field.setSelectionRange(this.value.length, this.value.length);
  }

  #colour() {
    const { problem } = this;
    fill(this.paint, tokenize(this.value).map(({ kind, start, end, text }) => {
      const wrong = problem !== null && start < problem.end && end > problem.start;
      return kind === "space" && !wrong ? text : el("span", { class: `t-${kind}${wrong ? " wrong" : ""}` }, text);
    }), problem !== null && problem.start >= this.value.length ? el("span.wrong", "\u00a0") : null, "\n");
  }

  #key(event) {
    const open = !this.list.hidden;
    const plain = !event.shiftKey && !event.ctrlKey && !event.metaKey;
    const takes = plain && (event.key === "Tab" || (event.key === "Enter" && this.items[this.at]?.label !== this.prefix));
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      this.at = (this.at + (event.key === "ArrowDown" ? 1 : -1) + this.items.length) % this.items.length;
      this.#mark();
    } else if (open && event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.#close();
    } else if (open && takes) {
      event.preventDefault();
      this.#accept(this.items[this.at]);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#close();
      this.onRun(this.value);
    } else if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      this.#complete(true);
    } else if (!event.ctrlKey && !event.metaKey && !event.altKey) this.#pair(event);
  }

  /** Opening brackets bring their closing ones, which then may be typed over; Backspace takes both. */
  #pair(event) {
    const { selectionStart: start, selectionEnd: end, value } = this.field;
    const next = value[end] ?? "";
    if (event.key in PAIRS && (start !== end || /^[\s)\]},]?$/.test(next)) && !(/["'`]/.test(event.key) && next === event.key)) {
      if (/["'`]/.test(event.key) && start === end && /[\w"'`]/.test(value[start - 1] ?? "")) return;
      event.preventDefault();
      const inner = value.slice(start, end);
      this.#insert(event.key + inner + PAIRS[event.key]);
      this.field.setSelectionRange(start + 1, start + 1 + inner.length);
      this.completeSoon();
    } else if (start === end && next === event.key && /[)\]}"'`]/.test(event.key)) {
      event.preventDefault();
      this.field.setSelectionRange(start + 1, start + 1);
      this.#close();
    } else if (event.key === "Backspace" && start === end && start > 0 && PAIRS[value[start - 1]] === next && next) {
      event.preventDefault();
      this.field.setSelectionRange(start - 1, start + 1);
      this.#insert("");
    }
  }

  /** Replaces the selection so that undo still works. @param {string} text */
  #insert(text) {
    this.field.focus();
    if (!document.execCommand(text ? "insertText" : "delete", false, text)) {
      this.field.setRangeText(text, this.field.selectionStart, this.field.selectionEnd, "end");
      this.field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  async #complete(asked) {
    const { selectionStart: cursor, selectionEnd } = this.field;
    if (cursor !== selectionEnd || document.activeElement !== this.field) return this.#close();
    const mine = ++this.asking;
    const { from, prefix, items } = await suggest(this.value, cursor, asked);
    if (mine !== this.asking || document.activeElement !== this.field) return;
    if (!items.length || (items.length === 1 && items[0].label === prefix)) return this.#close();
    [this.items, this.from, this.prefix, this.at] = [items, from, prefix, 0];
    this.#show();
  }

  #show() {
    this.help = el("p.complete-help");
    const rows = this.items.map((item, index) => el("div.complete-item", { role: "option", id: `complete-${index}`, onpointerdown: (event) => { event.preventDefault(); this.#accept(item); } },
      el("span.complete-kind", { class: item.kind, title: item.kind },
        KIND_LETTERS[item.kind],
      ), el("span.complete-label", highlighted(item.label, this.prefix)), item.detail ? el("span.complete-detail", item.detail) : null));
    fill(this.list, el("div.complete-rows", rows), this.help);
    if (!this.list.isConnected) document.body.append(this.list);
    this.list.hidden = false;
    this.field.setAttribute("aria-expanded", "true");
    this.#place();
    this.#mark();
  }

  #place() {
    const caret = this.#rectAt(this.from);
    const [width, height] = [this.list.offsetWidth, this.list.offsetHeight];
    const below = caret.bottom + 6;
    this.list.style.left = `${Math.max(8, Math.min(caret.left - 34, innerWidth - width - 8))}px`;
    this.list.style.top = `${below + height > innerHeight - 8 && caret.top - height > 8 ? caret.top - height - 6 : below}px`;
  }

  /** Where a character stands in the window. */
  #rectAt(offset) {
    const walker = document.createTreeWalker(this.paint, NodeFilter.SHOW_TEXT);
    let passed = 0;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const length = node.nodeValue.length;
      if (offset <= passed + length) {
        const range = document.createRange();
        range.setStart(node, offset - passed);
        range.collapse(true);
        const rect = range.getClientRects()[0];
        if (rect) return rect;
      }
      passed += length;
    }
    return this.field.getBoundingClientRect();
  }

  async #mark() {
    const rows = [...this.list.querySelectorAll(".complete-item")];
    rows.forEach((row, index) => row.setAttribute("aria-selected", String(index === this.at)));
    rows[this.at]?.scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", `complete-${this.at}`);
    const item = this.items[this.at];
    const words = await helpOf(item);
    if (this.items[this.at] !== item) return;
    this.help.textContent = words;
    this.help.hidden = !words;
  }

  #accept(item) {
    this.field.setSelectionRange(this.from, this.field.selectionStart);
    this.#close();
    this.#insert(item.insert);
    const at = this.field.selectionStart - (item.back ?? 0);
    this.field.setSelectionRange(at, at);
    this.accepted = this.value;
    if (item.again) this.#complete(true);
  }

  #close() {
    this.asking++;
    this.list.hidden = true;
    this.list.remove();
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }
}

/** The label with the typed part standing out. */
function highlighted(label, typed) {
  const at = typed ? label.toLowerCase().indexOf(typed.toLowerCase()) : -1;
  return at < 0 ? label : [label.slice(0, at), el("b", label.slice(at, at + typed.length)), label.slice(at + typed.length)];
}
