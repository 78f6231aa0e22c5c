// Keyboard shortcuts: each with the words that `?` shows.

import { el } from "./dom.js";
import { openDialog, somethingFloats } from "./float.js";

/** @typedef {{keys: string, does?: string, run?: (event: KeyboardEvent) => void, inFields?: boolean}} Shortcut keys as written: "Mod K", "Shift ?", "g d" */

const mac = /Mac|iP(hone|ad)/.test(navigator.platform);

/** @type {Map<string, Shortcut[]>} sections in the order they were added */
const sections = new Map();
let pending = "";
let pendingTimer = 0;

/**
 * Adds shortcuts under a heading of the help. One without `run` is only described. Letters do nothing while a field has the focus,
 * unless `inFields`; two letters ("g d") are pressed one after the other.
 * @param {string} heading @param {Shortcut[]} shortcuts
 */
export function addShortcuts(heading, shortcuts) {
  sections.set(heading, [...(sections.get(heading) ?? []), ...shortcuts]);
}

/** Shows what the keys do; a shortcut without words is a second way to one that has them. */
export function showKeys() {
  const groups = [...sections].map(([heading, shortcuts]) => [
    heading, shortcuts.filter(({ does }) => does),
  ]).filter(([, shortcuts]) => shortcuts.length).map(([heading, shortcuts]) => el("section", el("h3", heading),
    el("dl.keys", shortcuts.map((shortcut) => [el("dt", shortcut.does), el("dd", keyCaps(shortcut.keys))]))));
  openDialog({ title: "Keys", content: el("div.keys-groups", groups), class: "keys-dialog" });
}

/** The caps of a shortcut: "Mod K" as ⌘ K or Ctrl K. @param {string} keys */
export const keyCaps = (keys) => keys.split(" ").map((key) => el("kbd", (mac ? { Mod: "⌘", Shift: "⇧" } : { Mod: "Ctrl" })[key] ?? key));

addEventListener("keydown", (event) => {
  if (event.defaultPrevented) return;
  const field = event.target instanceof HTMLElement && (event.target.matches("input, textarea, select") || event.target.isContentEditable);
  const floating = somethingFloats();
  const pressed = describe(event);
  const sequence = pending ? `${pending} ${pressed}` : pressed;
  for (const shortcut of [...sections.values()].flat()) {
    if (!shortcut.run || ((field || floating) && !shortcut.inFields)) continue;
    const wanted = shortcut.keys.replace(/^Shift (?=[^A-Za-z]$)/, "");
    if (wanted === sequence || wanted === pressed) {
      event.preventDefault();
      pending = "";
      shortcut.run(event);
      return;
    }
  }
  clearTimeout(pendingTimer);
  const first = (shortcut) => pressed.length === 1 && shortcut.keys.startsWith(`${pressed} `);
  const begins = !field && !floating && [...sections.values()].flat().some(first);
  pending = begins ? pressed : "";
  pendingTimer = setTimeout(() => (pending = ""), 1000);
});

function describe(event) {
  const key = event.key.length === 1 && /[a-z]/i.test(event.key) ? (event.ctrlKey || event.metaKey ? event.key.toUpperCase() : event.key) : {
    " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓",
  }[event.key] ?? event.key;
  const shift = event.shiftKey && (event.key.length > 1 || event.ctrlKey || event.metaKey) ? "Shift " : "";
  return (event.ctrlKey || event.metaKey ? "Mod " : "") + (event.altKey ? "Alt " : "") + shift + key;
}
