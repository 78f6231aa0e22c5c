import MetricModel

/// What stands between an operator and its right side, and the label lists of groupings.
extension Parser {
    struct BinaryModifier {
        var returnsBool = false
        var matching = VectorMatching()
    }

    /// `[bool] [on|ignoring (…) [group_left|group_right [(…)]]] [fill…]`
    mutating func binaryModifier() throws(ParseError) -> BinaryModifier {
        var modifier = BinaryModifier()
        modifier.returnsBool = try take(.bool)
        if token.kind == .on || token.kind == .ignoring {
            modifier.matching.isOn = token.kind == .on
            try advance()
            modifier.matching.labels = try groupingLabels()
            if token.kind == .groupLeft || token.kind == .groupRight {
                modifier.matching.cardinality = token.kind == .groupLeft ? .manyToOne : .oneToMany
                try advance()
                if token.kind == .leftParen { modifier.matching.include = try groupingLabels() }
            }
        }
        switch token.kind {
        case .fill:
            try advance()
            let value = try fillValue()
            modifier.matching.fillLeft = value
            modifier.matching.fillRight = value
        case .fillLeft:
            try advance()
            modifier.matching.fillLeft = try fillValue()
            if try take(.fillRight) { modifier.matching.fillRight = try fillValue() }
        case .fillRight:
            try advance()
            modifier.matching.fillRight = try fillValue()
            if try take(.fillLeft) { modifier.matching.fillLeft = try fillValue() }
        default: break
        }
        return modifier
    }

    private mutating func fillValue() throws(ParseError) -> Double {
        try expect(.leftParen)
        let isNegative = token.kind == .subtract
        if isNegative || token.kind == .add { try advance() }
        guard token.kind == .number || token.kind == .duration else { throw unexpected() }
        let value = try numberLiteral().value
        try expect(.rightParen)
        return isNegative ? -value : value
    }

    /// `(a, "b", …)`
    mutating func groupingLabels() throws(ParseError) -> [String] {
        guard token.kind == .leftParen else { throw unexpected("grouping opts", "\"(\"") }
        try advance()
        var labels: [String] = []
        if try take(.rightParen) { return labels }
        while true {
            guard token.kind.isGroupingLabel || token.kind == .string else { throw unexpected("grouping opts", "label") }
            let name = token.kind == .string ? Lexer.unquoted(token.text) : token.text
            if name.isEmpty { throw failure("invalid label name for grouping: \(LabelName.quoted(name))", token.range) }
            labels.append(name)
            try advance()
            if token.kind == .comma {
                try advance()
                if try take(.rightParen) { return labels }
                continue
            }
            guard token.kind == .rightParen else { throw unexpected("grouping opts", "\",\" or \")\"") }
            try advance()
            return labels
        }
    }
}
