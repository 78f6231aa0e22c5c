// Service colours: of the series palette, the same for a service on every trace page. What a service was given once it keeps, in this browser.

import { ColorBook } from "../system/color.js";

const KEPT = "obstack.services";
const KEPT_AT_MOST = 200;

/** @param {string[]} names @returns {string[]} colours in the order of the names */
export function serviceColors(names) {
  const sorted = [...new Set(names)].sort();
  const kept = read();
  const book = new ColorBook();
  for (const name of sorted) {
    // Services that meet here for the first time may have been given the same colour elsewhere: the later one changes.
    if (Object.hasOwn(kept, name) && ![...book.places.values()].includes(kept[name])) book.places.set(name, kept[name]);
  }
  const colors = book.assign(sorted.map((name) => ({ name })));
  keep({ ...kept, ...Object.fromEntries(book.places) });
  return names.map((name) => colors[sorted.indexOf(name)]);
}

/** @returns {Record<string, number>} places in the palette */
function read() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "{}");
  } catch {
    return {};
  }
}

function keep(places) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(Object.entries(places).slice(-KEPT_AT_MOST))));
  } catch {
    // Without storage a page still has its colours; they may differ on the next.
  }
}
