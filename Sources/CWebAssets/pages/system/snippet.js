// What a person takes away: text copied with one click, and lines of code shown as they are.

import { copyText, el } from "./dom.js";
import { icon } from "./icons.js";
import { toast } from "./float.js";

/** Copies a text and says so. @param {string} text @param {string} [said] */
export const copy = (text, said = "Copied") => copyText(text).then(() => toast(said));

/** A button that copies a text. @param {string} text @param {string} [kind] its class */
export const copyButton = (text, kind = "small") => el("button.square",
  { type: "button", class: kind, "aria-label": `Copy ${text.length < 80 ? text : ""}`.trim(), title: "Copy", onclick: () => copy(text) },
  icon("copy", kind === "small" ? 14 : 16),
);

/** @param {string} text @param {import("./dom.js").Child} [shown] the text in colours, where it has some */
export const snippet = (text, shown = text) => el("div.snippet-box", el("code.snippet", shown), copyButton(text));
