// Dashboards in the command palette.

import { addPaletteSource } from "../system/palette.js";
import { searchDashboards } from "./api.js";

/** Adds every dashboard of this server to the palette of this page. */
export function addDashboardsToPalette() {
  let all;
  addPaletteSource({
    title: "Dashboards",
    search: async () => (await (all ??= searchDashboards())).map((one) => ({ label: one.title, detail: one.folderTitle, icon: "dashboards", href: one.url })),
  });
}
