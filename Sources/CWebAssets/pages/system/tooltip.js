// The one tooltip of a page's charts: beside the pointer while it moves, a small dialog with actions once it is pinned.

import { el, fill } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {{color: string, name: string, value: string, strong?: boolean}} TipRow */

const box = el("div.tip", { hidden: true, role: "tooltip" });
let unpin = null;

/** Whether it is pinned, and thus not to be moved by hovering. */
export const isPinned = () => unpin !== null;

/**
 * Shows the tooltip beside a point of the window.
 * @param {{x: number, y: number, head: string, detail?: string, rows: TipRow[], more?: number, notes?: string[]}} content
 */
export function showTip({ x, y, head, detail, rows, more = 0, notes = [] }) {
  if (!box.isConnected) document.body.append(box);
  box.hidden = false;
  fill(box,
    el("div.tip-head", el("span", head), detail ? el("span.muted", detail) : null),
    notes.map((note) => el("div.tip-note", note)),
    rows.length ? el("div.tip-rows", rows.map((row) => el("div.tip-row", { class: row.strong ? "strong" : null },
      el("i.swatch", { style: { "--color": row.color } }), el("span.tip-name", row.name), el("b", row.value)))) : null,
    more > 0 ? el("div.tip-more", `and ${more} more`) : null);
  place(x, y);
}

function place(x, y) {
  const [width, height] = [box.offsetWidth, box.offsetHeight];
  const right = x + 16 + width <= innerWidth - 8;
  const left = right ? x + 16 : Math.max(8, x - 16 - width);
  const top = Math.max(8, Math.min(y - Math.min(40, height / 2), innerHeight - height - 8));
  box.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}

/** Hides it, pinned or not. */
export function hideTip() {
  box.hidden = true;
  box.classList.remove("pinned");
  box.setAttribute("role", "tooltip");
  const leave = unpin;
  unpin = null;
  leave?.();
}

/**
 * Keeps the tooltip where it is, with actions; Escape or a click elsewhere lets go.
 * @param {import("./chart.js").PinAction[]} actions @param {() => void} onLeave
 */
export function pinTip(actions, onLeave) {
  const outside = (event) => {
    if (!box.contains(event.target)) hideTip();
  };
  const escape = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    hideTip();
  };
  box.classList.add("pinned");
  box.setAttribute("role", "dialog");
  box.append(el("div.tip-actions", actions.map((action) => {
    const content = [action.icon ? icon(action.icon, 14) : null, action.label];
    return action.href ? el("a.button.small", { href: action.href }, content) : el("button.small",
      { type: "button", onclick: () => { hideTip(); action.run?.(); } },
      content,
    );
  }), el("button.small.square.ghost", { type: "button", "aria-label": "Let go", onclick: hideTip }, icon("close", 14))));
  const { left, top } = box.getBoundingClientRect();
  const inside = (at, size, room) => Math.max(8, Math.min(at, room - size - 8));
  box.style.transform = `translate(${inside(left, box.offsetWidth, innerWidth)}px, ${inside(top, box.offsetHeight, innerHeight)}px)`;
  setTimeout(() => document.addEventListener("pointerdown", outside, true));
  document.addEventListener("keydown", escape, true);
  unpin = () => {
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("keydown", escape, true);
    onLeave();
  };
}
