import MetricModel

/// Labels while they are being put together: no name twice, no empty values, no order.
package struct LabelSet: Sendable {
    package private(set) var pairs: [(name: String, value: String)]

    /// Pairs with distinct names; those with empty values are left out.
    package init(_ pairs: [(name: String, value: String)] = []) { self.pairs = pairs.filter { !$0.value.isEmpty } }

    package init(_ labels: Labels) { pairs = labels.pairs }

    /// The value of `name`; the empty string for a label that is not there, which means the same.
    package subscript(name: String) -> String {
        get { pairs.first { $0.name == name }?.value ?? "" }
        set {
            let index = pairs.firstIndex { $0.name == name }
            switch (index, newValue.isEmpty) {
            case (let index?, true): pairs.remove(at: index)
            case (let index?, false): pairs[index].value = newValue
            case (nil, false): pairs.append((name, newValue))
            case (nil, true): break
            }
        }
    }

    package mutating func removeAll(where condition: (_ name: String) -> Bool) { pairs.removeAll { condition($0.name) } }

    package var isEmpty: Bool { pairs.isEmpty }

    package var labels: Labels { Labels(pairs.lazy.map { ($0.name, $0.value) }) }
}

extension LabelSet: Equatable {
    package static func == (a: LabelSet, b: LabelSet) -> Bool { a.labels == b.labels }
}
