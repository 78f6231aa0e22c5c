// A line of code to take away: shown as it is, copied with one click.

import { copyText, el } from "./dom.js";
import { icon } from "./icons.js";
import { toast } from "./float.js";

/** A button that copies a text. @param {string} text @param {string} [kind] its class */
export const copyButton = (text, kind = "small") => el("button.square",
  { type: "button", class: kind, "aria-label": `Copy ${text.length < 80 ? text : ""}`.trim(), title: "Copy", onclick: () => copyText(text).then(() => toast("Copied")) },
  icon("copy", kind === "small" ? 14 : 16),
);

/** @param {string} text @param {import("./dom.js").Child} [shown] the text in colours, where it has some */
export const snippet = (text, shown = text) => el("div.snippet-box", el("code.snippet", shown), copyButton(text));
