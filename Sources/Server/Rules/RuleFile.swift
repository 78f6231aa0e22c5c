import MetricModel
import PromQL
import Rules
import Yams

/// Reads rule files. Source: upstream model/rulefmt/rulefmt.go; every problem of a file is found, and each has its place.
package struct RuleFile {
    package struct Options {
        /// The interval of groups that name none.
        package var intervalMillis: Int64 = 60_000
        package var parser = ServerOptions().queries.parser
        /// Whether unknown keys are passed over.
        package var ignoresUnknownFields = false
        /// Whether names must be of the form that needs no quotes.
        package var requiresLegacyNames = false

        package init() {}
    }

    private let file: String
    private let options: Options
    private var problems: [RuleProblem] = []
    private var groups: [RuleGroup] = []

    /// The groups of a rule file's text, or all that is wrong with it.
    package static func parse(_ text: String, file: String, _ options: Options = Options()) throws(RefusedRules) -> [RuleGroup] {
        var reader = RuleFile(file: file, options: options)
        reader.read(text)
        if !reader.problems.isEmpty { throw RefusedRules(problems: reader.problems) }
        return reader.groups
    }

    private init(file: String, options: Options) {
        self.file = file
        self.options = options
    }

    // MARK: Structure

    private mutating func complain(_ node: Node?, _ reason: String, group: String? = nil, rule: (number: Int, name: String)? = nil) {
        problems.append(RuleProblem(file: file, line: node?.mark?.line, column: node?.mark?.column, group: group, rule: rule, reason: reason))
    }

    private mutating func read(_ text: String) {
        let top: Node?
        do {
            // Of several documents the first counts.
            var documents = try Yams.compose_all(yaml: text)
            top = documents.next()
            if top == nil, let error = documents.error { throw error }
        } catch {
            let (line, reason) = YAMLSection.problem(of: error)
            problems.append(RuleProblem(file: file, line: line, reason: reason))
            return
        }
        guard let top, top.null == nil else { return }
        guard case .mapping = top else { return complain(top, "the document must be a mapping with the key groups") }
        let keys = mapping(top, "rulefmt.RuleGroups", ["groups"])
        guard let list = keys["groups"] else { return }
        guard case .sequence(let sequence) = list.value else {
            if list.value.null == nil { complain(list.value, "groups: must be a list") }
            return
        }
        var names: Set<String> = []
        for node in sequence { group(node, &names) }
    }

    /// The values of a mapping by key; keys that are not known are problems.
    private mutating func mapping(_ node: Node, _ type: String, _ known: [String]) -> [String: (key: Node, value: Node)] {
        guard case .mapping(let mapping) = node else {
            if node.null == nil { complain(node, "must be a mapping of keys to values, for \(type)") }
            return [:]
        }
        var found: [String: (key: Node, value: Node)] = [:]
        for (key, value) in YAMLPairs.of(mapping) {
            let name = key.string ?? ""
            if found[name] != nil { complain(key, "key \(LabelName.quoted(name)) already set in \(type)") }
            found[name] = (key, value)
            if !known.contains(name), !options.ignoresUnknownFields { complain(key, "field \(name) not found in type \(type)") }
        }
        return found
    }

    private mutating func text(_ node: Node?, _ name: String) -> String {
        guard let node, node.null == nil || node.scalar?.style != .plain else { return "" }
        guard let text = node.scalar?.string else {
            complain(node, "\(name): must be text")
            return ""
        }
        return text
    }

    private mutating func duration(_ node: Node?, _ name: String) -> Int64? {
        let text = text(node, name)
        if text.isEmpty { return nil }
        guard let duration = ModelDuration(text) else {
            complain(node, "\(name): not a valid duration string: \(LabelName.quoted(text))")
            return nil
        }
        return duration.millis
    }

    private mutating func texts(_ node: Node?, _ name: String) -> [(key: Node, name: String, text: String)] {
        guard let node, node.null == nil else { return [] }
        guard case .mapping(let mapping) = node else {
            complain(node, "\(name): must be a mapping of texts")
            return []
        }
        return YAMLPairs.of(mapping).map { ($0.key, $0.key.string ?? "", text($0.value, "\(name).\($0.key.string ?? "")")) }
    }

    // MARK: Groups

    private mutating func group(_ node: Node, _ names: inout Set<String>) {
        let keys = mapping(node, "rulefmt.RuleGroup", ["name", "interval", "query_offset", "limit", "rules", "labels"])
        let name = text(keys["name"]?.value, "name")
        if name.isEmpty { complain(keys["name"]?.value ?? node, "Groupname must not be empty") }
        if !names.insert(name).inserted { complain(keys["name"]?.value ?? node, "groupname: \"\(name)\" is repeated in the same file") }
        let interval = duration(keys["interval"]?.value, "interval") ?? 0
        let offset = duration(keys["query_offset"]?.value, "query_offset")
        let limitText = text(keys["limit"]?.value, "limit")
        let limit = limitText.isEmpty ? 0 : Int(limitText)
        if limit == nil { complain(keys["limit"]?.value, "limit: \(LabelName.quoted(limitText)) is not a whole number") }
        var labels: [String: String] = [:]
        for label in texts(keys["labels"]?.value, "labels") {
            check(label: label.name, at: label.key)
            labels[label.name] = label.text
        }
        var rules: [Rule] = []
        if let list = keys["rules"]?.value, list.null == nil {
            if case .sequence(let sequence) = list {
                for (index, node) in sequence.enumerated() { if let rule = rule(node, number: index + 1, group: name, labels) { rules.append(rule) } }
            } else {
                complain(list, "rules: must be a list")
            }
        }
        guard problems.isEmpty else { return }
        groups.append(RuleGroup(
            name: name, file: file, intervalMillis: interval > 0 ? interval : options.intervalMillis, queryOffsetMillis: offset, limit: limit ?? 0, rules: rules))
    }

    private mutating func check(label name: String, at key: Node, group: String? = nil, rule: (number: Int, name: String)? = nil) {
        guard isName(name), name != LabelName.metric else { return complain(key, "invalid label name: \(name)", group: group, rule: rule) }
    }

    private func isName(_ name: String) -> Bool { options.requiresLegacyNames ? LabelName.isLegacy(name) : !name.isEmpty }

    // MARK: Rules

    private mutating func rule(_ node: Node, number: Int, group: String, _ groupLabels: [String: String]) -> Rule? {
        let before = problems.count
        let keys = mapping(node, "rulefmt.Rule", ["record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"])
        let (record, alert) = (text(keys["record"]?.value, "record"), text(keys["alert"]?.value, "alert"))
        let place = (number: number, name: alert.isEmpty ? record : alert)
        func value(_ key: String) -> Node { keys[key]?.value ?? node }
        if !record.isEmpty, !alert.isEmpty { complain(value("alert"), "only one of 'record' and 'alert' must be set", group: group, rule: place) }
        if record.isEmpty, alert.isEmpty { complain(node, "one of 'record' or 'alert' must be set", group: group, rule: place) }
        let query = text(keys["expr"]?.value, "expr")
        var expr: Expr?
        if query.isEmpty {
            complain(value("expr"), "field 'expr' must be set in rule", group: group, rule: place)
        } else {
            do throws(ParseError) {
                expr = try PromQL.parse(query, options: options.parser)
            } catch {
                complain(value("expr"), "could not parse expression: \(error)", group: group, rule: place)
            }
        }
        var alerting = Rule.Alerting()
        alerting.holdMillis = duration(keys["for"]?.value, "for") ?? 0
        alerting.keepFiringMillis = duration(keys["keep_firing_for"]?.value, "keep_firing_for") ?? 0
        let annotations = texts(keys["annotations"]?.value, "annotations")
        if !record.isEmpty {
            for (key, isSet) in [("annotations", !annotations.isEmpty), ("for", alerting.holdMillis != 0), ("keep_firing_for", alerting.keepFiringMillis != 0)] where isSet {
                complain(keys[key]?.key, "invalid field '\(key)' in recording rule", group: group, rule: place)
            }
            if options.requiresLegacyNames, !MetricName.isLegacy(record) { complain(value("record"), "invalid recording rule name: \(record)", group: group, rule: place) }
            if record.contains(where: { $0 == "{" || $0 == "}" }) {
                complain(value("record"), "braces present in the recording rule name; should it be in expr?: \(record)", group: group, rule: place)
            }
        }
        var labels = groupLabels
        for label in texts(keys["labels"]?.value, "labels") {
            check(label: label.name, at: label.key, group: group, rule: place)
            if !alert.isEmpty { check(template: label.text, of: "label", label.name, at: label.key, alert, group, place) }
            labels[label.name] = label.text
        }
        for annotation in annotations {
            if !isName(annotation.name) { complain(annotation.key, "invalid annotation name: \(annotation.name)", group: group, rule: place) }
            if !alert.isEmpty { check(template: annotation.text, of: "annotation", annotation.name, at: annotation.key, alert, group, place) }
            alerting.annotations[annotation.name] = annotation.text
        }
        guard problems.count == before, let expr else { return nil }
        return alert.isEmpty ? Rule(recording: record, expr, labels: labels) : Rule(alerting: alert, expr, alerting, labels: labels)
    }

    private mutating func check(
        template text: String, of kind: String, _ name: String, at key: Node, _ alert: String, _ group: String, _ place: (number: Int, name: String)
    ) {
        do throws(TemplateError) {
            _ = try Template(alert: alert, text)
        } catch {
            complain(key, "\(kind) \(LabelName.quoted(name)): \(error)", group: group, rule: place)
        }
    }
}
