// The rules page: every group with its rules, how they do and how long they take.

import { METRICS_TABS, mountFrame } from "../system/frame.js";
import { prometheus } from "../system/request.js";
import { rulesView } from "./rules-view.js";

const frame = mountFrame({ section: "metrics", title: "Rules", crumbs: [{ label: "Metrics" }], tabs: METRICS_TABS });
rulesView(frame.main, { alerts: false, ask: async () => (await prometheus("/api/v1/rules")).data });
