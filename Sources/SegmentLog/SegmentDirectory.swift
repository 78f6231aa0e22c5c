import Platform

/// The names in a log's directory: segments `00000017`, checkpoints `checkpoint.00000016`, and what was set aside.
package struct SegmentDirectory: Sendable {
    package let disk: any FileSystem
    package let path: String

    static let draftSuffix = ".tmp"
    static let repairSuffix = ".repair"
    static let damagedSuffix = ".damaged"
    private static let checkpointPrefix = "checkpoint."

    package init(disk: any FileSystem, path: String) {
        self.disk = disk
        self.path = path
    }

    /// A number in eight digits, as segments are called.
    static func digits(_ index: Int) -> String {
        let text = String(index)
        return String(repeating: "0", count: max(0, 8 - text.count)) + text
    }

    private static func index(_ name: some StringProtocol) -> Int? {
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else { return nil }
        return Int(name)
    }

    package func segmentPath(_ index: Int) -> String { "\(path)/\(Self.digits(index))" }
    package func checkpointPath(_ index: Int) -> String { "\(path)/\(Self.checkpointPrefix)\(Self.digits(index))" }

    /// The numbers of the segments, rising.
    package func segments() throws(PlatformError) -> [Int] {
        try disk.list(path).compactMap { Self.index($0) }.sorted()
    }

    /// The numbers of the whole checkpoints, rising. Checkpoint *n* stands for segments 0 … *n*.
    package func checkpoints() throws(PlatformError) -> [Int] {
        try disk.list(path).compactMap { name in
            name.hasPrefix(Self.checkpointPrefix) ? Self.index(name.dropFirst(Self.checkpointPrefix.count)) : nil
        }.sorted()
    }

    /// Whether a segment was written anew without what was damaged in it, so that its records stand at other places than before.
    package func isRepaired(_ index: Int) throws(PlatformError) -> Bool { try disk.status(segmentPath(index) + Self.damagedSuffix) != nil }

    /// Removes segments below `index`, and what was set aside of them (`WL.Truncate`).
    package func removeSegments(below index: Int) throws(PlatformError) {
        var isChanged = false
        for name in try disk.list(path) {
            let number = name.hasSuffix(Self.damagedSuffix) ? Self.index(name.dropLast(Self.damagedSuffix.count)) : Self.index(name)
            guard let number, number < index else { continue }
            try disk.removeFile("\(path)/\(name)")
            isChanged = true
        }
        if isChanged { try disk.syncDirectory(path) }
    }

    package func removeCheckpoints(below index: Int) throws(PlatformError) {
        for checkpoint in try checkpoints() where checkpoint < index { try disk.removeTree(checkpointPath(checkpoint)) }
    }

    /// Removes what an interrupted checkpoint or repair left behind.
    func removeDrafts() throws(PlatformError) {
        for name in try disk.list(path) {
            if name.hasPrefix(Self.checkpointPrefix), name.hasSuffix(Self.draftSuffix) { try disk.removeTree("\(path)/\(name)") }
            if name.hasSuffix(Self.repairSuffix) { try disk.removeFile("\(path)/\(name)") }
        }
    }
}
