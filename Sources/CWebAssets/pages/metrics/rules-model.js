// What `/api/v1/rules` tells, taken apart for the pages of rules and alerts.

/**
 * @typedef {{labels: Record<string, string>, annotations: Record<string, string>, state: "pending"|"firing", activeAt: string, value: string, keepFiringSince?: string}} Alert
 * @typedef {{type: "alerting"|"recording", name: string, query: string, labels: Record<string, string>, health: string, lastError?: string, evaluationTime: number, lastEvaluation: string,
 *   state?: string, duration?: number, keepFiringFor?: number, annotations?: Record<string, string>, alerts: Alert[], key: string, text: string}} Rule
 * @typedef {{name: string, file: string, interval: number, limit: number, evaluationTime: number, lastEvaluation: string, rules: Rule[]}} Group
 */

const pairs = (labels = {}) => Object.entries(labels).map(([name, value]) => `${name}=${value}`);

/**
 * The groups in the server's order. A rule's `key` ("group/name", "group/name~2" for the second of a name) is its place in an address; its `text` is what the
 * words of a search are looked for in.
 * @param {{groups: any[]}} data @returns {Group[]}
 */
export function readGroups({ groups }) {
  const seen = new Map();
  return groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) => {
      const name = `${group.name}/${rule.name}`;
      const times = (seen.get(name) ?? 0) + 1;
      seen.set(name, times);
      const alerts = (rule.alerts ?? []).toSorted((a, b) => Date.parse(a.activeAt) - Date.parse(b.activeAt));
      const said = [rule.name, group.name, group.file, rule.type, rule.query, rule.lastError, ...pairs(rule.labels), ...Object.values(rule.annotations ?? {}), ...alerts.flatMap(({ labels }) => pairs(labels))];
      return { ...rule, alerts, key: times > 1 ? `${name}~${times}` : name, text: said.join(" ").toLowerCase() };
    }),
  }));
}

/**
 * The groups with the rules that `keep`, without those that keep none.
 * @param {Group[]} groups @param {(rule: Rule) => boolean} keep
 */
export const narrowed = (groups, keep) => groups.map((group) => ({ ...group, rules: group.rules.filter(keep) })).filter(({ rules }) => rules.length);

/** How many rules have each value of a member. @param {Group[]} groups @param {"state"|"health"} member @returns {Record<string, number>} */
export function tally(groups, member) {
  const counts = {};
  for (const { rules } of groups) for (const rule of rules) counts[rule[member]] = (counts[rule[member]] ?? 0) + 1;
  return counts;
}

/** What a rule says of itself in a line: the summary of its one alert, or its own where nothing is left open in it. @param {Rule} rule */
export function summaryOf({ alerts, annotations }) {
  const text = (alerts.length === 1 ? alerts[0].annotations : annotations)?.summary ?? "";
  return text.includes("{{") ? "" : text;
}
