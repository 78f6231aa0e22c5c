// An expression in colours, leading to its answer on the query page.

import { el } from "../system/dom.js";
import { doorURL } from "../system/doors.js";
import { tokenize } from "./promql.js";

/** The pieces of an expression, each in the colour of its kind. @param {string} text */
export const painted = (text) => tokenize(text).map((token) => (token.kind === "space" ? token.text : el("span", { class: `t-${token.kind}` }, token.text)));

/** Where the query page shows it. @param {string} text @param {"graph"|"table"} [tab] */
export const queryURL = (text, tab = "graph") => doorURL("prometheus", `/query?g0.expr=${encodeURIComponent(text)}&g0.tab=${tab}`);

/** @param {string} text */
export const expression = (text) => el("a.expression", { href: queryURL(text), title: "Query it" }, painted(text));
