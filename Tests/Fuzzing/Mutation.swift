/// Changes inputs at random, and repeatably: what runs where no coverage guides.
package struct Mutation {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    /// SplitMix64.
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    private mutating func below(_ bound: Int) -> Int { bound <= 0 ? 0 : Int(next() % UInt64(bound)) }

    /// One of the inputs with one to eight changes: bits, bytes, numbers at their ends, parts lost, doubled, taken from another input.
    package mutating func mutant(of inputs: [[UInt8]]) -> [UInt8] {
        guard !inputs.isEmpty else { return [] }
        var bytes = inputs[below(inputs.count)]
        for _ in 0...below(8) {
            if bytes.isEmpty { bytes = [UInt8(truncatingIfNeeded: next())] }
            let at = below(bytes.count)
            switch below(9) {
            case 0, 1: bytes[at] ^= 1 << UInt8(below(8))
            case 2: bytes[at] = UInt8(truncatingIfNeeded: next())
            case 3: bytes[at] = [0, 0x7F, 0x80, 0xFF, 1][below(5)]
            case 4: for place in at..<min(at + 8, bytes.count) { bytes[place] = below(2) == 0 ? 0xFF : 0x80 }
            case 5: bytes.removeSubrange(at..<min(at + 1 + below(16), bytes.count))
            case 6: bytes.insert(contentsOf: (0...below(8)).map { _ in UInt8(truncatingIfNeeded: next()) }, at: at)
            case 7: bytes.removeLast(bytes.count - at)
            default:
                let other = inputs[below(inputs.count)]
                let from = below(other.count)
                bytes.replaceSubrange(at..<min(at + below(64), bytes.count), with: other[from..<min(from + 1 + below(64), other.count)])
            }
        }
        return bytes
    }
}
