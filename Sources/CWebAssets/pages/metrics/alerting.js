// The alerting pages behind Grafana's door: what 9090 says of alerts (/alerting) and rules (/alerting/list), asked through the data source.

import { mountFrame } from "../system/frame.js";
import { prometheus } from "../system/request.js";
import { rulesView } from "./rules-view.js";

const TABS = [{ label: "Alerts", href: "/alerting" }, { label: "Rules", href: "/alerting/list" }];
const RULES = "/api/datasources/proxy/uid/prometheus/api/v1/rules";
const alerts = location.pathname !== TABS[1].href;
const frame = mountFrame({ section: "alerts", title: alerts ? "Alerts" : "Rules", crumbs: [{ label: "Alerting" }], tabs: TABS });

rulesView(frame.main, { alerts, alertsPath: TABS[0].href, ask: async () => {
  try {
    return (await prometheus(RULES)).data;
  } catch (error) {
    if (error.status === 401) location.replace(`/login?redirectTo=${encodeURIComponent(location.pathname + location.search)}`);
    throw error;
  }
} });
