import MetricModel

extension RelabelRule {
    /// Applies the rules one after the other; false when one of them drops the whole set.
    package static func apply(_ rules: [RelabelRule], to set: inout LabelSet) -> Bool {
        for rule in rules where !rule.apply(to: &set) { return false }
        return true
    }

    private func apply(to set: inout LabelSet) -> Bool {
        let value = (options.sourceLabels ?? []).map { set[$0] }.joined(separator: options.separator)
        switch options.action {
        case .drop: return !pattern.matches(value)
        case .keep: return pattern.matches(value)
        case .dropequal: return set[options.targetLabel] != value
        case .keepequal: return set[options.targetLabel] == value
        case .replace:
            guard let groups = pattern.groups(in: value) else { break }
            let name = target.expanded(groups)
            if nameRules.allowsLabel(name) { set[name] = replacement.expanded(groups) }
        case .lowercase: set[options.targetLabel] = value.lowercased()
        case .uppercase: set[options.targetLabel] = value.uppercased()
        case .hashmod:
            // The last eight bytes of the digest, most significant first.
            let digest = MD5.digest(Array(value.utf8))
            set[options.targetLabel] = String(digest[8...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % options.modulus)
        case .labelmap:
            for pair in set.pairs {
                if let groups = pattern.groups(in: pair.name) { set[replacement.expanded(groups)] = pair.value }
            }
        case .labeldrop: set.removeAll { pattern.matches($0) }
        case .labelkeep: set.removeAll { !pattern.matches($0) }
        }
        return true
    }
}
