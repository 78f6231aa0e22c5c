// Words on a dashboard: Markdown, or HTML with everything that could act taken out.

import { el } from "../../system/dom.js";

const TAGS = new Set([
  "A", "ABBR", "B", "BLOCKQUOTE", "BR", "CODE", "DD", "DEL", "DIV", "DL", "DT", "EM", "H1", "H2", "H3", "H4", "H5", "H6", "HR", "I", "IMG", "LI",
  "OL", "P", "PRE", "S", "SMALL", "SPAN", "STRONG", "SUB", "SUP", "TABLE", "TBODY", "TD", "TH", "THEAD", "TR", "U", "UL",
]);
const ATTRIBUTES = new Set(["href", "title", "alt", "src", "width", "height", "colspan", "rowspan", "align"]);
const GONE = new Set(["SCRIPT", "STYLE", "IFRAME", "OBJECT", "EMBED", "FORM", "TEMPLATE", "NOSCRIPT"]);

export class Text {
  /** @param {HTMLElement} body @param {any} panel @param {import("./answer.js").Surroundings} around */
  constructor(body, panel, around) {
    this.around = around;
    this.panel = panel;
    this.element = el(".text-panel");
    body.append(this.element);
  }

  show() {
    const { mode = "markdown", content = "" } = this.panel.options ?? {};
    const text = this.around.text(content);
    if (mode === "code") this.element.replaceChildren(el("pre", text));
    else this.element.replaceChildren(...safe(mode === "html" ? text : markdown(text)));
  }
}

/** Nodes of an HTML text that show and link but cannot act. @param {string} html */
export function safe(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const clean = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
    if (node.nodeType !== Node.ELEMENT_NODE || GONE.has(node.tagName)) return null;
    const copy = document.createElement(TAGS.has(node.tagName) ? node.tagName : "span");
    for (const { name, value } of node.attributes) {
      if (!ATTRIBUTES.has(name) || (/^(href|src)$/.test(name) && !/^(https?:|mailto:|\/|#|\?|\.)/i.test(value.trim()))) continue;
      copy.setAttribute(name, value);
    }
    if (copy.tagName === "A" && /^https?:/i.test(copy.getAttribute("href") ?? "")) copy.setAttribute("rel", "noopener noreferrer");
    for (const child of node.childNodes) {
      const made = clean(child);
      if (made) copy.append(made);
    }
    return copy;
  };
  return [...parsed.body.childNodes].map(clean).filter((node) => node !== null);
}

/** Markdown's everyday part as HTML: headings, lists, quotes, code, tables, rules, emphasis, links. @param {string} text */
export function markdown(text) {
  const out = [];
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  for (let at = 0; at < lines.length;) {
    const line = lines[at];
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
    if (/^\s*$/.test(line)) at++;
    else if (/^(```|~~~)/.test(line)) {
      const end = lines.findIndex((other, index) => index > at && other.startsWith(line.slice(0, 3)));
      const stop = end < 0 ? lines.length : end;
      out.push(`<pre><code>${escape(lines.slice(at + 1, stop).join("\n"))}</code></pre>`);
      at = stop + 1;
    } else if (heading) {
      out.push(`<h${heading[1].length}>${inline(heading[2])}</h${heading[1].length}>`);
      at++;
    } else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
      out.push("<hr>");
      at++;
    } else if (/^\s*</.test(line)) {
      const stop = until(lines, at, (other) => /^\s*$/.test(other));
      out.push(lines.slice(at, stop).join("\n"));
      at = stop;
    } else if (/^\s*>/.test(line)) {
      const stop = until(lines, at, (other) => !/^\s*>/.test(other));
      out.push(`<blockquote>${markdown(lines.slice(at, stop).map((other) => other.replace(/^\s*>\s?/, "")).join("\n"))}</blockquote>`);
      at = stop;
    } else if (/^\s*([-*+]|\d+[.)])\s+/.test(line)) {
      const ordered = /^\s*\d/.test(line);
      const stop = until(lines, at, (other) => !/^\s*([-*+]|\d+[.)])\s+|^\s{2,}\S/.test(other));
      out.push(list(lines.slice(at, stop), ordered));
      at = stop;
    } else if (/\|/.test(line) && /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(lines[at + 1] ?? "")) {
      const stop = until(lines, at, (other) => !/\|/.test(other));
      const cells = (row) => row.trim().replace(/^\||\|$/g, "").split("|").map((one) => inline(one.trim()));
      const rowOf = (row, tag) => `<tr>${cells(row).map((one) => `<${tag}>${one}</${tag}>`).join("")}</tr>`;
      out.push(`<table><thead>${rowOf(line, "th")}</thead><tbody>${lines.slice(at + 2, stop).map((row) => rowOf(row, "td")).join("")}</tbody></table>`);
      at = stop;
    } else {
      const stop = until(lines, at + 1, (other) => /^\s*$|^#{1,6}\s|^(```|~~~)|^\s*>|^\s*([-*+]|\d+[.)])\s+/.test(other));
      out.push(`<p>${inline(lines.slice(at, stop).join("\n"))}</p>`);
      at = stop;
    }
  }
  return out.join("\n");
}

function until(lines, from, stops) {
  let at = from;
  while (at < lines.length && !stops(lines[at])) at++;
  return at;
}

function list(lines, ordered) {
  const items = [];
  const depth = /^\s*/.exec(lines[0])[0].length;
  for (const line of lines) {
    const indent = /^\s*/.exec(line)[0].length;
    if (indent <= depth + 1 && /^\s*([-*+]|\d+[.)])\s+/.test(line)) items.push({ text: line.replace(/^\s*([-*+]|\d+[.)])\s+/, ""), inside: [] });
    else items[items.length - 1].inside.push(line);
  }
  const tag = ordered ? "ol" : "ul";
  const inner = ({ inside }) => {
    if (!inside.length) return "";
    return /^\s*([-*+]|\d+[.)])\s+/.test(inside[0]) ? list(inside, /^\s*\d/.test(inside[0])) : ` ${inline(inside.join(" "))}`;
  };
  return `<${tag}>${items.map((item) => `<li>${inline(item.text)}${inner(item)}</li>`).join("")}</${tag}>`;
}

const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");

function inline(text) {
  const kept = [];
  const keep = (html) => `\u0001${kept.push(html) - 1}\u0001`;
  const marked = text
    .replace(/`([^`]+)`/g, (_, code) => keep(`<code>${escape(code)}</code>`))
    .replace(/<\/?[a-z][^>]*>/gi, (tag) => keep(tag))
    .replace(/!\[([^\]]*)\]\(([^)\s]+)[^)]*\)/g, (_, alt, src) => keep(`<img alt="${escape(alt)}" src="${escape(src)}">`))
    .replace(/\[([^\]]+)\]\(([^)\s]+)[^)]*\)/g, (_, label, href) => keep(`<a href="${escape(href)}">`) + label + keep("</a>"))
    .replace(/\bhttps?:\/\/[^\s<>)\u0001]+/g, (href) => keep(`<a href="${escape(href)}">${escape(href)}</a>`));
  return escape(marked)
    .replace(/\*\*(.+?)\*\*|__(.+?)__/g, (_, a, b) => `<strong>${a ?? b}</strong>`)
    .replace(/\*(?!\s)(.+?)\*|(?<!\w)_(?!\s)(.+?)_(?!\w)/g, (_, a, b) => `<em>${a ?? b}</em>`)
    .replace(/~~(.+?)~~/g, "<del>$1</del>").replace(/ {2,}\n/g, "<br>")
    .replace(/\u0001(\d+)\u0001/g, (_, at) => kept[Number(at)]);
}
