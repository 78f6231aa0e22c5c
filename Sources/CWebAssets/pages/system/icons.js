// The icons: strokes on a 24-unit square, drawn in the current colour.

import { svg } from "./dom.js";

const PATHS = {
  alerts: "M6 16V11a6 6 0 0 1 12 0v5l1.5 2.5h-15zM10 21.5h4",
  back: "M15 5l-7 7 7 7",
  bars: "M5 20v-7M12 20V5M19 20v-11",
  calendar: "M4 6.5h16v13H4zM4 10.5h16M8.5 4v4M15.5 4v4",
  check: "M5 12.5l4.5 4.5L19 7.5",
  clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2",
  close: "M6 6l12 12M18 6L6 18",
  code: "M8.5 7.5L4 12l4.5 4.5M15.5 7.5L20 12l-4.5 4.5",
  copy: "M9 9h10.5v10.5H9zM15 9V4.5H4.5V15H9",
  dashboards: "M4 4h7v9H4zM14.5 4H20v5h-5.5zM14.5 12.5H20V20h-5.5zM4 16.5h7V20H4z",
  down: "M6.5 9.5l5.5 5.5 5.5-5.5",
  error: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM9.2 9.2l5.6 5.6M14.8 9.2l-5.6 5.6",
  expand: "M14 4.5h5.5V10M10 19.5H4.5V14M19.5 4.5L13.5 10.5M4.5 19.5l6-6",
  explore: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM15.5 8.5l-2 5-5 2 2-5z",
  external: "M13.5 4.5h6V10.5M19.5 4.5L11 13M17.5 14.5v5h-13v-13h5",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.3a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4z",
  filter: "M4 6h16M7 12h10M10 18h4",
  forward: "M9 5l7 7-7 7",
  graph: "M4 4.5v15h16M7.5 15l3.5-5 3.5 3 5-7",
  help: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM9.5 9.7a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.7M12 16.3v.3",
  home: "M4 11l8-6.5 8 6.5v8.5h-5.5v-5.5h-5v5.5H4z",
  info: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 11v5.3M12 7.7v.3",
  keyboard: "M3 6.5h18v11H3zM7 10.5h.01M10.5 10.5h.01M14 10.5h.01M17.5 10.5h.01M8 14h8",
  logout: "M10 4.5H5v15h5M9.5 12H20M16 8l4 4-4 4",
  metrics: "M3.5 17.5l5-6.5 4 3.5 5-8 3 4.5",
  minus: "M5 12h14",
  moon: "M19.5 14.2A8 8 0 1 1 9.8 4.5a6.5 6.5 0 0 0 9.7 9.7z",
  more: "M5.5 12h.01M12 12h.01M18.5 12h.01",
  open: "M5 4.5h14v15H5zM10 4.5v15",
  pause: "M8 5v14M16 5v14",
  pin: "M9 4h6l-.7 6.5 3.2 3V15h-11v-1.5l3.2-3zM12 15v5.5",
  play: "M7.5 5l11 7-11 7z",
  plus: "M12 5v14M5 12h14",
  push: "M12 15V4.5M7.5 9L12 4.5 16.5 9M4 15v4.5h16V15",
  refresh: "M19 12a7 7 0 1 1-2.3-5.2M19.2 3.8v4.2H15",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L20 20",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.8v4.4M9 14.8v4.4",
  share: "M17.5 3.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM6.5 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM17.5 15.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM8.7 10.8l6.6-3.6M8.7 13.2l6.6 3.6",
  stop: "M6.5 6.5h11v11h-11z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  system: "M3.5 5h17v11h-17zM9 20h6M12 16v4",
  table: "M4 5h16v14H4zM4 10h16M4 14.5h16M10 10v9",
  traces: "M4 5.5h9M8 10h8M11 14.5h9M8 19h6",
  trash: "M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 11v5M13.5 11v5",
  up: "M6.5 14.5L12 9l5.5 5.5",
  user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20c.8-4 3.8-5.5 7.5-5.5s6.7 1.5 7.5 5.5",
  warn: "M12 4L2.8 19.5h18.4zM12 10v4.5M12 16.8v.3",
  zoomOut: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L20 20M7.5 10.5h6",
};

/** @typedef {keyof typeof PATHS} IconName */

/**
 * An icon, hidden from assistive technology: the control around it carries the words.
 * @param {IconName} name @param {number} [size] pixels
 */
export function icon(name, size = 18) {
  return svg("svg", {
    class: `icon icon-${name}`, viewBox: "0 0 24 24", width: size, height: size, fill: "none", stroke: "currentColor",
    "stroke-width": name === "more" ? 2.6 : size < 16 ? 2 : 1.75, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true",
  }, svg("path", { d: PATHS[name] }));
}
