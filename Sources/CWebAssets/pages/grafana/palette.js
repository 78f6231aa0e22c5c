// What the palette has behind this door: its dashboards, and the way out.

import { addPaletteSource } from "../system/palette.js";
import { searchDashboards } from "./api.js";

/** Adds every dashboard of this server, and signing out, to the palette of this page. */
export function addDashboardsToPalette() {
  let all;
  addPaletteSource({
    title: "Dashboards",
    search: async () => (await (all ??= searchDashboards())).map((one) => ({ label: one.title, detail: one.folderTitle, icon: "dashboards", href: one.url })),
  });
  addPaletteSource({ title: "Account", search: () => [{ label: "Sign out", icon: "logout", href: "/logout" }] });
}
