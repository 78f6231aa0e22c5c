// The push gateway's groups: read from its API, written back as text so that a deletion can be undone.

/**
 * @typedef {{labels: Record<string, string>, value?: string, count?: string, sum?: string, quantiles?: Record<string, string>, buckets?: Record<string, string>}} PushedMetric
 * @typedef {{name: string, type: string, help: string, metrics: PushedMetric[]}} PushedFamily
 * @typedef {{labels: Record<string, string>, families: PushedFamily[], pushedMillis: number, failedMillis: number, ok: boolean}} Group
 */

const OWN = ["labels", "last_push_successful", "push_time_seconds", "push_failure_time_seconds"];

/** A group as `GET /api/v1/metrics` writes it. @param {any} entry @returns {Group} */
export function readGroup(entry) {
  const time = (name) => Number(entry[name]?.metrics?.[0]?.value ?? 0) * 1000;
  const families = Object.entries(entry).filter(([name]) => !OWN.includes(name))
    .map(([name, family]) => ({ name, type: (family.type ?? "UNTYPED").toLowerCase(), help: family.help ?? "", metrics: family.metrics ?? [] }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    labels: entry.labels, families, pushedMillis: time("push_time_seconds"),
    failedMillis: time("push_failure_time_seconds"), ok: entry.last_push_successful !== false,
  };
}

/** The address a group is pushed to and deleted at; values a path cannot hold go as base64. @param {Record<string, string>} labels */
export function groupPath({ job, ...rest }) {
  const part = (name, value) => (/^[^/]+$/.test(value) ? `${name}/${encodeURIComponent(value)}` : `${name}@base64/${base64URL(value) || "="}`);
  return `/metrics/${[["job", job], ...Object.entries(rest).sort()].map(([name, value]) => part(name, value)).join("/")}`;
}

function base64URL(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The group's metrics in the text format, without the labels of the group. @param {Group} group */
export function groupText(group) {
  const lines = [];
  for (const { name, type, help, metrics } of group.families) {
    if (help) lines.push(`# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`);
    lines.push(`# TYPE ${name} ${type}`);
    for (const metric of metrics) {
      const own = Object.entries(metric.labels).filter(([label, value]) => !(label in group.labels) && !(label === "instance" && value === ""));
      const line = (suffix, extra, value) => lines.push(`${name}${suffix}${braces([...own, ...extra])} ${value}`);
      for (const [quantile, value] of Object.entries(metric.quantiles ?? {})) line("", [["quantile", quantile]], value);
      for (const [bound, value] of Object.entries(metric.buckets ?? {})) line("_bucket", [["le", bound]], value);
      if (metric.value !== undefined) line("", [], metric.value);
      if (metric.sum !== undefined) line("_sum", [], metric.sum);
      if (metric.count !== undefined) line("_count", [], metric.count);
    }
  }
  return `${lines.join("\n")}\n`;
}

const escaped = (value) => value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

const braces = (pairs) => (pairs.length ? `{${pairs.map(([name, value]) => `${name}="${escaped(value)}"`).join(",")}}` : "");
