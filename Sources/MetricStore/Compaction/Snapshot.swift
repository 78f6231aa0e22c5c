import Platform

/// What a store holds at one moment, as a store of its own: blocks under second names, the head as one more block.
struct Snapshot {
    let disk: any FileSystem
    /// The store's; snapshots go into `snapshots` there.
    let directory: String
    let blocks: [Block]
    /// Nil to leave it out.
    let head: Head?

    /// `20260101T000000Z-` and sixteen hexadecimal digits, as upstream names snapshots.
    static func name(unixMillis: Int64) -> String {
        let text = RFC3339.text(millis: unixMillis / 1000 * 1000).filter { $0 != "-" && $0 != ":" }
        let digits = String(UInt64.random(in: 0...UInt64(Int64.max)), radix: 16)
        return text.prefix(15) + "Z-" + String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Writes it, durably; it is there whole or not at all.
    func write(_ name: String, clock: any TimeSource) throws(MetricStoreError) {
        let folder = "\(directory)/snapshots"
        let draft = "\(folder)/\(name)\(BlockFormat.creationSuffix)"
        do throws(MetricStoreError) {
            do throws(PlatformError) {
                try disk.makeDirectory(draft)
                for block in blocks { try block.link(disk, into: "\(draft)/\(block.meta.id)") }
            } catch { throw MetricStoreError(error) }
            if let head {
                let (low, high) = (head.minTime.load(ordering: .relaxed), head.maxTime.load(ordering: .relaxed))
                _ = try OutOfOrderBlocks(
                    disk: disk, directory: draft, blockRangeMillis: head.blockRangeMillis, parts: head.captureOutOfOrder(isSealing: false), isCancelled: { false }
                ).write { BlockID.new(clock, after: blocks) }
                if low <= high { _ = try HeadBlock(disk: disk, directory: draft, head: head).write(low..<(high + 1), id: BlockID.new(clock, after: blocks)) }
            }
            do throws(PlatformError) {
                try disk.syncDirectory(draft)
                try disk.renameDurably(draft, to: "\(folder)/\(name)")
                try disk.syncDirectory(directory)
            } catch { throw MetricStoreError(error) }
        } catch {
            try? disk.removeTree(draft)
            throw error
        }
    }
}
