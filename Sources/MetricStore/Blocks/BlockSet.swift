import Platform
import Synchronization

/// The blocks of a store, by time. Readers take the list as it is.
final class BlockSet: Sendable {
    private struct State {
        var blocks: [Block] = []
        /// Folders that could not be removed when their blocks were; nothing else is replaced before they are.
        var leftovers: [String] = []
    }

    private let state = Mutex(State())

    var all: [Block] { state.withLock { $0.blocks } }

    /// The blocks that may have samples in `time`.
    func overlapping(_ time: ClosedRange<Int64>) -> [Block] { all.filter { $0.time.overlaps(time) } }

    /// Where the head begins: behind every block that was made from it.
    var headMinTime: Int64 { all.filter { !$0.meta.isPartial }.map(\.meta.maxTime).max() ?? .min }

    func add(_ block: Block) { swap([], for: [block]) }

    /// Puts blocks in the place of others, in one step for readers; those with the same name take each other's place.
    func swap(_ gone: [Block], for new: [Block]) {
        let names = Set((gone + new).map(\.meta.id))
        state.withLock { state in
            let list = state.blocks.filter { !names.contains($0.meta.id) } + new
            state.blocks = list.sorted { ($0.meta.minTime, $0.meta.maxTime, $0.meta.id.description) < ($1.meta.minTime, $1.meta.maxTime, $1.meta.id.description) }
        }
    }

    // MARK: Opening

    /// What a directory holds.
    struct Contents {
        var blocks: [Block] = []
        /// Folders of blocks that others have replaced, or that were to be deleted.
        var replaced: [String] = []
        /// What is left of something begun and not ended.
        var drafts: [String] = []
        /// What is wrong with blocks that are left out.
        var damage: [String] = []
    }

    /// Opens what blocks there are, without changing anything.
    static func scan(_ disk: any FileSystem, _ directory: String) throws(PlatformError) -> Contents {
        var contents = Contents()
        var corrupt: [(id: BlockID, path: String, error: MetricStoreError)] = []
        for name in try disk.list(directory) {
            let path = "\(directory)/\(name)"
            if isDraft(name) {
                contents.drafts.append(path)
                continue
            }
            guard let id = BlockID(name), try disk.status(path)?.isDirectory == true else { continue }
            do throws(MetricStoreError) { contents.blocks.append(try Block(disk, path)) } catch { corrupt.append((id, path, error)) }
        }
        // What another block replaced is left over from a compaction that was cut off.
        let gone = replaced(contents.blocks.map(\.meta)).union(contents.blocks.flatMap { $0.meta.parents.map(\.id) })
        contents.replaced = contents.blocks.filter { gone.contains($0.meta.id) }.map(\.directory) + corrupt.filter { gone.contains($0.id) }.map(\.path)
        contents.blocks.removeAll { gone.contains($0.meta.id) }
        for (id, path, error) in corrupt where !gone.contains(id) { contents.damage.append("\(path) was left out: \(error)") }
        return contents
    }

    /// The blocks that were to be deleted, or whose samples are all in another one that was made later from them and more.
    static func replaced(_ blocks: [BlockMeta]) -> Set<BlockID> {
        var gone = Set(blocks.filter(\.isDeletable).map(\.id))
        for block in blocks where !block.sources.isEmpty {
            let sources = Set(block.sources)
            if blocks.contains(where: { $0.level > block.level && !$0.isDeletable && sources.isStrictSubset(of: $0.sources) }) { gone.insert(block.id) }
        }
        for parent in blocks.flatMap(\.parents) { gone.insert(parent.id) }
        return gone
    }

    private static func isDraft(_ name: String) -> Bool {
        for suffix in [BlockFormat.creationSuffix, BlockFormat.deletionSuffix, ".tmp"] where name.hasSuffix(suffix) { return BlockID(name.dropLast(suffix.count)) != nil }
        return false
    }

    /// Opens what blocks there are, and finishes or takes back what was begun and not ended. What cannot be read is left alone and told.
    func load(_ disk: any FileSystem, _ directory: String) throws(PlatformError) -> [String] {
        let contents = try Self.scan(disk, directory)
        for path in contents.drafts { try disk.removeTree(path) }
        for path in contents.replaced { try Self.delete(disk, path) }
        swap([], for: contents.blocks)
        return contents.damage
    }

    // MARK: Deleting

    /// Takes blocks off the list and the disk, others, if any, having taken their place. Readers that have them go on.
    func remove(_ disk: any FileSystem, _ dead: [Block], replacedBy new: [Block] = []) throws(PlatformError) {
        if dead.isEmpty, new.isEmpty { return }
        swap(dead, for: new)
        state.withLock { $0.leftovers += dead.map(\.directory) }
        try removeLeftovers(disk)
    }

    /// Removes folders of blocks that are gone. While one resists, nothing may replace the block that replaced it: at the next opening
    /// nobody would know that it is dead.
    func removeLeftovers(_ disk: any FileSystem) throws(PlatformError) {
        while let path = state.withLock({ $0.leftovers.first }) {
            try Self.delete(disk, path)
            state.withLock { $0.leftovers.removeAll { $0 == path } }
        }
    }

    private static func delete(_ disk: any FileSystem, _ path: String) throws(PlatformError) {
        let aside = path + BlockFormat.deletionSuffix
        if try disk.status(path) != nil { try disk.renameDurably(path, to: aside) }
        try disk.removeTree(aside)
    }
}
