import Yams

/// The pairs of a YAML mapping, what `<<` merges included: a key of its own wins over a merged one, of several merged mappings the first wins.
enum YAMLPairs {
    static func of(_ mapping: Node.Mapping) -> [(key: Node, value: Node)] {
        var pairs: [(key: Node, value: Node)] = []
        var merged: [Node.Mapping] = []
        for (key, value) in mapping {
            guard key.scalar?.style == .plain, key.string == "<<" else {
                pairs.append((key, value))
                continue
            }
            switch value {
            case .mapping(let other): merged.append(other)
            case .sequence(let others): merged += others.compactMap(\.mapping)
            default: pairs.append((key, value))
            }
        }
        var known = Set(pairs.map { $0.key.string ?? "" })
        for other in merged {
            for pair in of(other) where known.insert(pair.key.string ?? "").inserted { pairs.append(pair) }
        }
        return pairs
    }
}
