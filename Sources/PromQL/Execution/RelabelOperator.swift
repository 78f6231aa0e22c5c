import MetricModel

/// `label_replace` and `label_join`: other labels, same values.
final class RelabelOperator: SeriesOperator {
    private let rule: RelabelPlan.Rule
    private let operand: SeriesOperator

    init(_ operand: SeriesOperator, _ rule: RelabelPlan.Rule) {
        self.rule = rule
        self.operand = operand
        super.init(operand.context, operand.grid, operand.source)
    }

    override var needsScratch: Bool { false }
    override var isStored: Bool { operand.isStored }

    override func prepare() throws(QueryError) {
        try operand.open()
        series = operand.series
        isDistinct = false
        switch rule {
        case .join(let destination, let separator, let sources):
            for index in series.indices {
                let labels = labels(of: index)
                set(index, destination, sources.map { labels[$0] ?? "" }.joined(separator: separator))
            }
        case .replace(let destination, let replacement, let sourceLabel, let pattern):
            guard let compiled = try? LabelPattern(pattern, captures: true) else {
                throw .execution("invalid regular expression in label_replace(): \(pattern)")
            }
            let template = CaptureTemplate(replacement, pattern: compiled)
            // Few distinct values, many series.
            var verdicts: [String: String?] = [:]
            for index in series.indices {
                let value = labels(of: index)[sourceLabel] ?? ""
                if verdicts.index(forKey: value) == nil { verdicts.updateValue(compiled.groups(in: value).map(template.expanded), forKey: value) }
                if case .some(.some(let result)) = verdicts[value] { set(index, destination, result) }
            }
        }
    }

    /// With the name gone at once, it is not there to be read.
    private func labels(of index: Int) -> Labels { context.delaysNameRemoval ? series[index].labels : series[index].visible }

    private func set(_ index: Int, _ name: String, _ value: String) {
        series[index].labels = labels(of: index).setting(name, value)
        if name == LabelName.metric || !context.delaysNameRemoval { series[index].dropsName = false }
    }

    override func column(_ index: Int, _ worker: Int) throws(QueryError) -> UnsafePointer<Double> { try operand.column(index, worker) }

    override func fill(_ out: UnsafeMutablePointer<Double>, _ index: Int, _ worker: Int) throws(QueryError) { try operand.fill(out, index, worker) }
}

/// A replacement text with `$1`, `${1}` and `${name}`, as Go's `Regexp.Expand` reads it.
struct CaptureTemplate {
    private enum Piece { case text(String), group(Int), nothing }
    private var pieces: [Piece] = []

    init(_ template: String, pattern: LabelPattern) {
        var rest = Substring(template)
        func piece(_ name: Substring) -> Piece {
            if let number = Int(name) { return .group(number) }
            return pattern.groupIndex(named: String(name)).map(Piece.group) ?? .nothing
        }
        while let dollar = rest.firstIndex(of: "$") {
            if dollar > rest.startIndex { pieces.append(.text(String(rest[..<dollar]))) }
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                pieces.append(.text("$"))
                rest = rest.dropFirst()
            } else if rest.first == "{", let close = rest.firstIndex(of: "}"), close > rest.index(after: rest.startIndex),
                rest[rest.index(after: rest.startIndex)..<close].allSatisfy(Self.isNameCharacter)
            {
                pieces.append(piece(rest[rest.index(after: rest.startIndex)..<close]))
                rest = rest[rest.index(after: close)...]
            } else {
                let name = rest.prefix(while: Self.isNameCharacter)
                if name.isEmpty { pieces.append(.text("$")); continue }
                pieces.append(piece(name))
                rest = rest[name.endIndex...]
            }
        }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
    }

    private static func isNameCharacter(_ character: Character) -> Bool { character.isLetter || character.isNumber || character == "_" }

    func expanded(_ groups: [String?]) -> String {
        var text = ""
        for piece in pieces {
            switch piece {
            case .text(let literal): text += literal
            case .group(let number): if number < groups.count, let group = groups[number] { text += group }
            case .nothing: break
            }
        }
        return text
    }
}
