// A tiny element builder, and the few DOM habits every page shares.

/** @typedef {Node|string|number|null|undefined|false|Child[]} Child */

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "selected", "indeterminate", "innerHTML", "textContent", "scrollTop"]);

/**
 * Builds an element. `el("button.primary#run", { onclick: run, title: "Run" }, icon("play"), "Run")`.
 * `on…` functions become listeners, `style` may be an object (custom properties too), `dataset` an object, `class` adds to the
 * classes of the tag; null, undefined and false attributes and children are left out, true gives an empty attribute.
 * @param {string} spec a tag with optional `.class` and `#id` parts
 * @param {...(Child|Record<string, any>)} rest attributes first (optional), then children
 * @returns {any}
 */
export function el(spec, ...rest) {
  const [, tag, tail] = /^([\w-]*)(.*)$/.exec(spec);
  const node = document.createElement(tag || "div");
  for (const part of tail.match(/[.#][\w-]+/g) ?? []) {
    if (part[0] === "#") node.id = part.slice(1);
    else node.classList.add(part.slice(1));
  }
  if (isAttributes(rest[0])) setAttributes(node, rest.shift());
  append(node, rest);
  return node;
}

/** Sets attributes as `el` does. @param {Element} node @param {Record<string, any>} attributes */
export function setAttributes(node, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) {
      if (value === false && PROPERTIES.has(key)) node[key] = false;
      else if (key !== "class") node.removeAttribute(key);
    } else if (key.startsWith("on") && typeof value === "function") node.addEventListener(key.slice(2), value);
    else if (key === "class") node.classList.add(...String(value).split(/\s+/).filter(Boolean));
    else if (key === "style" && typeof value === "object") {
      for (const [name, setting] of Object.entries(value)) node.style.setProperty(name, String(setting));
    } else if (key === "dataset") Object.assign(node.dataset, value);
    else if (PROPERTIES.has(key)) node[key] = value;
    else node.setAttribute(key, value === true ? "" : String(value));
  }
}

/** Appends children, flattening arrays and leaving out what is empty. @param {Node} node @param {Child[]} children */
export function append(node, children) {
  for (const child of children) {
    if (Array.isArray(child)) append(node, child);
    else if (child instanceof Node) node.appendChild(child);
    else if (child !== null && child !== undefined && child !== false) node.appendChild(document.createTextNode(String(child)));
  }
}

/** Replaces everything inside `node`. @param {Element} node @param {...Child} children */
export function fill(node, ...children) {
  node.replaceChildren();
  append(node, children);
  return node;
}

/** An SVG element. @param {string} tag @param {Record<string, any>} [attributes] @param {...Node} children */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on") && typeof value === "function") node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined) node.setAttribute(key, String(value));
  }
  node.append(...children);
  return node;
}

/** The first match under `root`. @returns {any} */
export const find = (selector, root = document) => root.querySelector(selector);

/** Calls `run` once, `ms` after the last call. @template {any[]} A @param {number} ms @param {(...args: A) => void} run */
export function debounce(ms, run) {
  let timer = 0;
  return (/** @type {A} */ ...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...args), ms);
  };
}

/** Calls `run` at most once a frame. @param {() => void} run */
export function oncePerFrame(run) {
  let waiting = 0;
  return () => {
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      run();
    });
  };
}

/** Copies text, also where the clipboard API is absent (plain HTTP on another host). @param {string} text */
export async function copyText(text) {
  if (navigator.clipboard && isSecureContext) return navigator.clipboard.writeText(text);
  const box = el("textarea", { style: { position: "fixed", opacity: "0" }, value: text });
  document.body.append(box);
  box.select();
  document.execCommand("copy");
  box.remove();
}

/** One value of a CSS variable, as the theme has it now. @param {string} name for example "--accent" */
export const cssValue = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const isAttributes = (value) => value !== null && typeof value === "object" && !(value instanceof Node) && !Array.isArray(value);
