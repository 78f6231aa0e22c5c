// Service colours: of the series palette, the same for a service on every trace page that has room for it.

import { ColorBook } from "../system/color.js";

/** @param {string[]} names @returns {string[]} colours in the order of the names */
export function serviceColors(names) {
  const sorted = [...new Set(names)].sort();
  const colors = new ColorBook().assign(sorted.map((name) => ({ name })));
  return names.map((name) => colors[sorted.indexOf(name)]);
}
