// The alerts page: every alerting rule by its state, with the alerts that are active.

import { METRICS_TABS, mountFrame } from "../system/frame.js";
import { prometheus } from "../system/request.js";
import { rulesView } from "./rules-view.js";

const frame = mountFrame({ section: "metrics", title: "Alerts", crumbs: [{ label: "Metrics" }], tabs: METRICS_TABS });
rulesView(frame.main, { alerts: true, ask: async () => (await prometheus("/api/v1/rules")).data });
