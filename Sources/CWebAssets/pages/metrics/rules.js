// The pages of rules and alerts: /rules and /alerts on 9090; behind Grafana's door /alerting/list and /alerting, which ask through the data source.

import { METRICS_TABS, mountFrame } from "../system/frame.js";
import { prometheus } from "../system/request.js";
import { rulesView } from "./rules-view.js";

const GRAFANA_TABS = [{ label: "Alerts", href: "/alerting" }, { label: "Rules", href: "/alerting/list" }];
const behindGrafana = GRAFANA_TABS.some(({ href }) => href === location.pathname);
const alertsPath = behindGrafana ? "/alerting" : "/alerts";
const alerts = location.pathname === alertsPath;
const frame = mountFrame({
  section: behindGrafana ? "alerts" : "metrics", title: alerts ? "Alerts" : "Rules", crumbs: [{ label: behindGrafana ? "Alerting" : "Metrics" }],
  tabs: behindGrafana ? GRAFANA_TABS : METRICS_TABS,
});

rulesView(frame.main, { alerts, alertsPath, ask: async () => {
  try {
    return (await prometheus(`${behindGrafana ? "/api/datasources/proxy/uid/prometheus" : ""}/api/v1/rules`)).data;
  } catch (error) {
    if (error.status === 401) location.replace(`/login?redirectTo=${encodeURIComponent(location.pathname + location.search)}`);
    throw error;
  }
} });
