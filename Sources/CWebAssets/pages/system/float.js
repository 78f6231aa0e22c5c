// What floats over the page: popovers, menus, dialogs and toasts. One popover is open at a time (a menu inside one replaces nothing:
// it nests); Escape and a click outside close it and give the focus back. On a phone a popover is a sheet at the bottom.

import { el, fill } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {{label: string, icon?: string, hint?: string, href?: string, run?: () => void, checked?: boolean, danger?: boolean, disabled?: boolean}} MenuItem "-" stands for a line, {heading} for a small title */

/** @type {{box: HTMLElement, anchor: Element|null, close: (giveFocus?: boolean) => void}[]} */
const open = [];

/**
 * Opens a popover beside `anchor` (an element, or a point {x, y}).
 * @param {Element|{x: number, y: number}} anchor @param {import("./dom.js").Child} content
 * @param {{align?: "start"|"end", label?: string, class?: string, onClose?: () => void}} [options]
 * @returns {{element: HTMLElement, close: () => void, place: () => void}}
 */
export function openPopover(anchor, content, { align = "start", label, class: classes, onClose } = {}) {
  const element = anchor instanceof Element ? anchor : null;
  const already = open.findIndex((entry) => entry.anchor && entry.anchor === element);
  if (already >= 0) {
    open[already].close(true);
    return { element: el("div"), close() {}, place() {} };
  }
  while (open.length && !(element && open.at(-1).box.contains(element))) open.at(-1).close();

  const box = el("div.popover", { role: "dialog", "aria-label": label, class: classes, tabindex: "-1" }, content);
  const place = () => {
    const around = element ? element.getBoundingClientRect() : new DOMRect(anchor.x, anchor.y, 0, 0);
    const [width, height] = [box.offsetWidth, box.offsetHeight];
    const left = align === "end" ? around.right - width : around.left;
    const below = around.bottom + 4;
    const fitsBelow = below + height <= innerHeight - 8 || around.top - height - 4 < 8;
    box.style.setProperty("--x", `${Math.round(Math.max(8, Math.min(left, innerWidth - width - 8)))}px`);
    box.style.setProperty("--y", `${Math.round(fitsBelow ? Math.max(8, Math.min(below, innerHeight - height - 8)) : around.top - height - 4)}px`);
  };
  const outside = (event) => {
    if (open.at(-1)?.box === box && !box.contains(event.target) && !element?.contains(event.target)) close();
  };
  const escape = (event) => {
    if (event.key !== "Escape" || open.at(-1)?.box !== box) return;
    event.stopPropagation();
    event.preventDefault();
    close(true);
  };
  let closed = false;
  function close(giveFocus = false) {
    if (closed) return;
    closed = true;
    open.splice(open.findIndex((entry) => entry.box === box), 1);
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("keydown", escape, true);
    removeEventListener("resize", place);
    box.remove();
    element?.removeAttribute("aria-expanded");
    if (giveFocus && element instanceof HTMLElement) element.focus();
    onClose?.();
  }
  document.body.append(box);
  place();
  open.push({ box, anchor: element, close });
  element?.setAttribute("aria-expanded", "true");
  document.addEventListener("pointerdown", outside, true);
  document.addEventListener("keydown", escape, true);
  addEventListener("resize", place);
  (box.querySelector("[autofocus]") ?? box).focus({ preventScroll: true });
  return { element: box, close: () => close(true), place };
}

/**
 * Opens a menu. Arrow keys move, Enter chooses, letters jump.
 * @param {Element|{x: number, y: number}} anchor @param {(MenuItem|"-"|{heading: string})[]} items @param {{align?: "start"|"end", label?: string}} [options]
 */
export function openMenu(anchor, items, options = {}) {
  const list = el("div.menu", { role: "menu" }, items.map((item) => {
    if (item === "-") return el("hr");
    if ("heading" in item) return el("div.menu-heading", item.heading);
    const content = [
      item.checked === undefined ? item.icon ? icon(item.icon, 16) : null : el("span.menu-check", item.checked ? icon("check", 14) : null),
      el("span.menu-label", item.label), item.hint ? el("span.menu-hint", item.hint) : null,
    ];
    const attributes = {
      role: item.checked === undefined ? "menuitem" : "menuitemradio",
      "aria-checked": item.checked === undefined ? null : String(item.checked), tabindex: "-1",
      class: item.danger ? "danger" : null,
    };
    if (item.href) return el("a.menu-item", { ...attributes, href: item.href }, content);
    return el("button.menu-item",
      { ...attributes, type: "button", disabled: item.disabled ?? false, onclick: () => { popover.close(); item.run?.(); } },
      content,
    );
  }));
  const popover = openPopover(anchor, list, { ...options, class: "popover-menu" });
  list.addEventListener("keydown", (event) => moveFocus(event, [...list.querySelectorAll(".menu-item:not(:disabled)")]));
  (list.querySelector("[aria-checked=true]") ?? list.querySelector(".menu-item:not(:disabled)"))?.focus({ preventScroll: true });
  return popover;
}

/** Arrow keys, Home, End and first letters over a list of elements. @param {KeyboardEvent} event @param {HTMLElement[]} items */
export function moveFocus(event, items) {
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const last = items.length - 1;
  const to = { ArrowDown: at >= last ? 0 : at + 1, ArrowUp: at <= 0 ? last : at - 1, Home: 0, End: last }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    items[to]?.focus();
  } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const letter = event.key.toLowerCase();
    [...items.slice(at + 1), ...items.slice(0, at + 1)].find((item) => item.textContent.trim().toLowerCase().startsWith(letter))?.focus();
  }
}

/**
 * A modal dialog. Resolves with the value of the action chosen, or null when it was left.
 * @param {{title: string, content?: import("./dom.js").Child, actions?: {label: string, value: any, kind?: "primary"|"danger"}[], class?: string}} options
 * @returns {Promise<any>}
 */
export function openDialog({ title, content, actions = [], class: classes }) {
  return new Promise((resolve) => {
    const finish = (value) => {
      dialog.close();
      dialog.remove();
      resolve(value);
    };
    const dialog = el("dialog.dialog", { class: classes, "aria-label": title },
      el("div.dialog-head",
        el("h2", title),
        el("button.ghost.square", { type: "button", "aria-label": "Close", onclick: () => finish(null) }, icon("close")),
      ),
      el("div.dialog-body", content),
      actions.length ? el("div.dialog-foot",
        actions.map((action) => el("button", { type: "button", class: action.kind, onclick: () => finish(action.value) }, action.label)),
      ) : null);
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      finish(null);
    });
    dialog.addEventListener("pointerdown", (event) => {
      if (event.target === dialog) finish(null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** A short notice at the bottom that leaves by itself. @param {string} text @param {"good"|"bad"} [kind] @param {{label: string, run: () => void}} [action] keeps it longer */
export function toast(text, kind = "good", action) {
  let place = document.querySelector(".toasts");
  if (!place) document.body.append((place = el("div.toasts", { role: "status", "aria-live": "polite" })));
  const note = el("div.toast", { class: kind },
    icon(kind === "good" ? "check" : "error", 16),
    text,
    action ? el("button.small", { type: "button", onclick: () => { note.remove(); action.run(); } }, action.label) : null,
  );
  fill(place, note);
  setTimeout(() => note.remove(), action ? 10_000 : kind === "good" ? 2500 : 6000);
}

/** Whether anything floats now. */
export const somethingFloats = () => open.length > 0 || document.querySelector("dialog[open]") !== null;
