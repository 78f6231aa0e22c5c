import MetricModel

/// One rule of `relabel_configs` or `metric_relabel_configs`, validated and compiled.
///
/// Source: prometheus `model/relabel/relabel.go`.
package struct RelabelRule: Sendable {
    package enum Action: String, Sendable, CaseIterable {
        case replace, keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, labelkeep, lowercase, uppercase
    }

    /// What the configuration says, defaults filled in.
    package struct Options: Hashable, Sendable {
        package var action = Action.replace
        /// Nil when the key is absent, which some actions ask for.
        package var sourceLabels: [String]?
        package var separator = ";"
        package var regex = Self.defaultRegex
        package var modulus: UInt64 = 0
        package var targetLabel = ""
        package var replacement = Self.defaultReplacement

        package static let defaultRegex = "(.*)"
        package static let defaultReplacement = "$1"

        package init() {}
    }

    package let options: Options
    let nameRules: NameRules
    let pattern: LabelPattern
    let target: RelabelTemplate
    let replacement: RelabelTemplate

    /// Throws for a combination of keys that upstream refuses, and for a regex that does not compile.
    package init(_ options: Options, names: NameRules = .utf8) throws(AcquisitionError) {
        self.options = options
        nameRules = names
        do throws(LabelPattern.Invalid) { pattern = try LabelPattern(options.regex, captures: true) } catch {
            throw .invalidRelabelRule(action: options.action.rawValue, reason: "the regex \(LabelName.quoted(options.regex)) does not compile: \(error.reason)")
        }
        target = RelabelTemplate(options.targetLabel, pattern)
        replacement = RelabelTemplate(options.replacement, pattern)
        if let reason = Self.objection(to: options, names) { throw .invalidRelabelRule(action: options.action.rawValue, reason: reason) }
    }

    private static func objection(to options: Options, _ names: NameRules) -> String? {
        let action = options.action
        let defaults = Options()
        let needsTarget: [Action] = [.replace, .hashmod, .lowercase, .uppercase, .keepequal, .dropequal]
        if action == .hashmod, options.modulus == 0 { return "requires non-zero modulus" }
        if needsTarget.contains(action), options.targetLabel.isEmpty { return "requires 'target_label' value" }
        if needsTarget.contains(action) {
            let isTemplate = action == .replace && options.targetLabel.contains("$")
            if !(isTemplate ? names.allowsTemplate(options.targetLabel) : names.allowsLabel(options.targetLabel)) {
                return "\(LabelName.quoted(options.targetLabel)) is invalid 'target_label'"
            }
        }
        if [.lowercase, .uppercase, .keepequal, .dropequal].contains(action), options.replacement != defaults.replacement { return "'replacement' can not be set" }
        if action == .labelmap, !names.allowsTemplate(options.replacement) { return "\(LabelName.quoted(options.replacement)) is invalid 'replacement'" }
        let hasOthers = options.modulus != defaults.modulus || options.separator != defaults.separator || options.replacement != defaults.replacement
        if [.keepequal, .dropequal].contains(action), hasOthers || options.regex != defaults.regex {
            return "requires only 'source_labels' and 'target_label', and no other fields"
        }
        if [.labeldrop, .labelkeep].contains(action), hasOthers || options.sourceLabels != nil || !options.targetLabel.isEmpty {
            return "requires only 'regex', and no other fields"
        }
        return nil
    }
}

extension RelabelRule: Equatable {
    package static func == (a: RelabelRule, b: RelabelRule) -> Bool { a.options == b.options && a.nameRules == b.nameRules }
}

/// Which names metrics and labels may have (`metric_name_validation_scheme`).
package enum NameRules: String, Sendable, CaseIterable {
    /// Any text that is not empty.
    case utf8
    /// `[a-zA-Z_][a-zA-Z0-9_]*`, for metrics also colons.
    case legacy

    package func allowsLabel(_ name: String) -> Bool { self == .utf8 ? !name.isEmpty : LabelName.isLegacy(name) }
    package func allowsMetric(_ name: String) -> Bool { self == .utf8 ? !name.isEmpty : MetricName.isLegacy(name) }

    /// A name that may have variables in it, which can expand to anything.
    func allowsTemplate(_ text: String) -> Bool {
        guard self == .legacy else { return !text.isEmpty }
        var plain = ""
        var rest = Substring(text)
        while let dollar = rest.firstIndex(of: "$") {
            plain += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            let isBraced = rest.first == "{"
            if isBraced { rest = rest.dropFirst() }
            let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            rest = rest.dropFirst(name.count)
            guard !name.isEmpty, !isBraced || rest.first == "}" else { return false }
            if isBraced { rest = rest.dropFirst() }
            plain += "_"
        }
        return LabelName.isLegacy(plain + rest)
    }
}
