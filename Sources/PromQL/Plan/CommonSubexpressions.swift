/// Finds the parts of a plan that stand in it more than once and cost enough to be computed only once.
struct CommonSubexpressions {
    /// Each with its last occurrence, whose places remarks are to name.
    private(set) var repeated: [PlanNode: PlanNode] = [:]

    init(of plan: PlanNode) {
        var seen: Set<PlanNode> = []
        visit(plan, &seen)
    }

    private mutating func visit(_ node: PlanNode, _ seen: inout Set<PlanNode>) {
        if node.isExpensive, !seen.insert(node).inserted {
            repeated[node] = node
            return
        }
        for child in node.children { visit(child, &seen) }
    }
}

extension PlanNode {
    /// Whether computing it reads series.
    fileprivate var isExpensive: Bool {
        switch self {
        case .number, .string, .time, .scalarBinary, .scalarPair, .negatedScalar, .scalar, .vector, .matrix, .stepInvariant: false
        default: true
        }
    }

    /// The parts that are evaluated on the same grid; what is inside a subquery has a grid of its own.
    var children: [PlanNode] {
        switch self {
        case .number, .string, .time, .select, .matrix: []
        case .stepInvariant: []
        case .scalar(let node), .negatedScalar(let node), .vector(let node), .absent(let node, _): [node]
        case .scalarBinary(_, let a, let b), .scalarPair(_, let a, let b): [a, b]
        case .window(let call), .absentOverTime(let call, _): call.scalars
        case .map(let call): [call.operand] + call.scalars
        case .vectorScalar(let operation): [operation.vector, operation.scalar]
        case .vectorVector(let operation): [operation.left, operation.right]
        case .aggregate(let aggregate): [aggregate.operand] + (aggregate.parameter.map { [$0] } ?? [])
        case .relabel(let relabel): [relabel.operand]
        case .sort(let sort): [sort.operand]
        case .info(let info): [info.operand]
        case .histogram(let histogram):
            switch histogram.measure {
            case .quantile(let q): [histogram.operand, q]
            case .quantiles(_, let qs): [histogram.operand] + qs
            case .fraction(let lower, let upper): [histogram.operand, lower, upper]
            }
        }
    }
}
