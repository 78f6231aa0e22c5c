import Platform

extension SegmentDirectory {
    /// Gives the last checkpoint and the segments behind it, as far as `end`, second names in the folder `target`, which is made: a log of its own.
    /// Nobody may remove any of them meanwhile; to segments from `end` on may be written.
    package func link(into target: String, below end: Int = .max) throws(PlatformError) {
        let other = SegmentDirectory(disk: disk, path: target)
        try disk.makeDirectory(target)
        let checkpoint = try checkpoints().last
        if let checkpoint { try SegmentDirectory(disk: disk, path: checkpointPath(checkpoint)).link(into: other.checkpointPath(checkpoint)) }
        for segment in try segments() where segment > checkpoint ?? -1 && segment < end { try disk.link(segmentPath(segment), as: other.segmentPath(segment)) }
    }
}
