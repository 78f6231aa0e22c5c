/// One observation behind a sample, with labels such as a trace's id that lead to more about it.
package struct Exemplar: Hashable, Sendable {
    package var labels: Labels
    package var value: Double
    /// Milliseconds since the epoch.
    package var timestamp: Int64
    /// Whether who exposed it said its time; otherwise `timestamp` is the sample's, and tells nothing of whether it is another observation.
    package var hasTimestamp: Bool

    /// How many characters the names and values of its labels may have together (OpenMetrics 1.0, "Exemplars").
    package static let labelCharactersMax = 128

    package init(labels: Labels, value: Double, timestamp: Int64, hasTimestamp: Bool) {
        self.labels = labels
        self.value = value
        self.timestamp = timestamp
        self.hasTimestamp = hasTimestamp
    }

    /// How many characters the names and values of its labels have together.
    package var labelCharacterCount: Int {
        var count = 0
        labels.forEachBytes { name, value in
            // In UTF-8 every character has one byte that does not continue another.
            count += name.count { $0 & 0xC0 != 0x80 } + value.count { $0 & 0xC0 != 0x80 }
        }
        return count
    }

    /// Whether it is the same observation, told again (`exemplar.Equals`).
    package func isRepeated(by other: Exemplar) -> Bool {
        labels == other.labels && value == other.value && (timestamp == other.timestamp || !(hasTimestamp || other.hasTimestamp))
    }
}
