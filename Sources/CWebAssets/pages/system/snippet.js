// A line of code to take away: shown as it is, copied with one click.

import { copyText, el } from "./dom.js";
import { icon } from "./icons.js";
import { toast } from "./float.js";

/** @param {string} text @param {import("./dom.js").Child} [shown] the text in colours, where it has some */
export function snippet(text, shown = text) {
  return el("div.snippet-box",
    el("code.snippet", shown),
    el("button.small.square",
      { type: "button", "aria-label": "Copy", title: "Copy", onclick: () => copyText(text).then(() => toast("Copied")) },
      icon("copy", 14),
    ),
  );
}
