// The star of a dashboard.

import { el, svg } from "../system/dom.js";
import { toast } from "../system/float.js";
import { setStar } from "./api.js";

/** @param {{uid: string, isStarred: boolean, title: string}} dashboard @param {(starred: boolean) => void} [onChange] */
export function starButton(dashboard, onChange) {
  let starred = dashboard.isStarred;
  const shape = svg("svg", { class: "icon star", viewBox: "0 0 24 24", width: 16, height: 16, "aria-hidden": "true" },
    svg("path", { d: "M12 3.6l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9-4.3-4.1 5.9-.8z" }));
  const button = el("button.ghost.square.star-button", { type: "button" }, shape);
  const show = () => {
    button.classList.toggle("starred", starred);
    button.setAttribute("aria-label", starred ? `Remove the star of ${dashboard.title}` : `Star ${dashboard.title}`);
    button.title = starred ? "Starred" : "Star";
  };
  button.addEventListener("click", async () => {
    starred = !starred;
    show();
    try {
      await setStar(dashboard.uid, starred);
      onChange?.(starred);
    } catch (error) {
      starred = !starred;
      show();
      toast(error.message, "bad");
    }
  });
  show();
  return button;
}
