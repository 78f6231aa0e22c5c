import Platform
import Synchronization

/// The blocks of a store, by time. Readers take the list as it is.
final class BlockSet: Sendable {
    private let blocks = Mutex<[Block]>([])

    var all: [Block] { blocks.withLock { $0 } }

    /// The blocks that may have samples in `time`.
    func overlapping(_ time: ClosedRange<Int64>) -> [Block] { all.filter { $0.time.overlaps(time) } }

    func replace(_ list: [Block]) {
        let sorted = list.sorted { ($0.meta.minTime, $0.meta.maxTime) < ($1.meta.minTime, $1.meta.maxTime) }
        blocks.withLock { $0 = sorted }
    }

    func add(_ block: Block) { replace(all + [block]) }

    /// Where the head begins: behind every block that was made from it.
    var headMinTime: Int64 { all.filter { !$0.meta.isOutOfOrder }.map(\.meta.maxTime).max() ?? .min }

    /// Opens what blocks there are, and finishes or takes back what was begun and not ended. What cannot be read is left alone and told.
    func load(_ disk: any FileSystem, _ directory: String) throws(PlatformError) -> [String] {
        var damage: [String] = []
        var found: [Block] = []
        for name in try disk.list(directory) {
            let path = "\(directory)/\(name)"
            if name.hasSuffix(BlockFormat.creationSuffix) || name.hasSuffix(BlockFormat.deletionSuffix) {
                try disk.removeTree(path)
                continue
            }
            guard BlockID(name) != nil, try disk.status(path)?.isDirectory == true else { continue }
            do throws(MetricStoreError) {
                let block = try Block(disk, path)
                found.append(block)
                if block.meta.histogramSampleCount > 0 { damage.append("\(path): \(block.meta.histogramSampleCount) samples of native histograms are not read") }
            } catch {
                damage.append("\(path) was left out: \(error)")
            }
        }
        // A block that another one replaced is left over from a compaction that was cut off.
        let replaced = Set(found.flatMap { $0.meta.parents.map(\.id) })
        let (kept, gone) = (found.filter { !replaced.contains($0.meta.id) && !$0.meta.isDeletable }, found.filter { replaced.contains($0.meta.id) || $0.meta.isDeletable })
        replace(kept)
        for block in gone { try Self.delete(disk, block) }
        return damage
    }

    /// Takes blocks off the list and the disk. Readers that have them go on.
    func remove(_ disk: any FileSystem, _ dead: [Block]) throws(PlatformError) {
        if dead.isEmpty { return }
        let names = Set(dead.map(\.meta.id))
        replace(all.filter { !names.contains($0.meta.id) })
        for block in dead { try Self.delete(disk, block) }
    }

    private static func delete(_ disk: any FileSystem, _ block: Block) throws(PlatformError) {
        let aside = block.directory + BlockFormat.deletionSuffix
        try disk.renameDurably(block.directory, to: aside)
        try disk.removeTree(aside)
    }

    /// The blocks that lie so far behind the newest one that they are past the retention (`BeyondTimeRetention`).
    static func expired(_ blocks: [Block], retentionMillis: Int64) -> [Block] {
        guard retentionMillis > 0, let newest = blocks.map(\.meta.maxTime).max() else { return [] }
        return blocks.filter { newest - $0.meta.maxTime >= retentionMillis }
    }
}
