/// Which blocks are past what the store may keep, from their times and sizes and nothing else (`tsdb/db.go`, `deletableBlocks`).
package struct Retention: Sendable {
    /// How long samples are kept; 0 for ever.
    package var millis: Int64
    /// How many bytes log and blocks may take; 0 for any number.
    package var bytes: Int

    package init(millis: Int64, bytes: Int) {
        self.millis = millis
        self.bytes = bytes
    }

    package struct Candidate: Sendable {
        package let id: BlockID
        package let maxTime: Int64
        package let byteCount: Int

        package init(id: BlockID, maxTime: Int64, byteCount: Int) {
            self.id = id
            self.maxTime = maxTime
            self.byteCount = byteCount
        }
    }

    package struct Verdict: Equatable, Sendable {
        /// So far behind the newest block that they are too old.
        package var tooOld: Set<BlockID> = []
        /// The oldest, from the one on with which the size is exceeded.
        package var tooMuch: Set<BlockID> = []

        package var all: Set<BlockID> { tooOld.union(tooMuch) }
    }

    /// - Parameter logBytes: what the log takes, which counts before any block.
    package func judge(_ blocks: [Candidate], logBytes: Int) -> Verdict {
        let newestFirst = blocks.sorted { $0.maxTime > $1.maxTime }
        var verdict = Verdict()
        guard let newest = newestFirst.first else { return verdict }
        if millis > 0, let first = newestFirst.firstIndex(where: { newest.maxTime - $0.maxTime >= millis }) {
            verdict.tooOld = Set(newestFirst[first...].map(\.id))
        }
        guard bytes > 0 else { return verdict }
        var total = logBytes
        for (index, block) in newestFirst.enumerated() {
            total += block.byteCount
            if total > bytes {
                verdict.tooMuch = Set(newestFirst[index...].map(\.id))
                break
            }
        }
        return verdict
    }
}
