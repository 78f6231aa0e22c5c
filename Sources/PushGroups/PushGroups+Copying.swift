import Platform
import SegmentLog

extension PushGroups.Snapshot {
    /// Writes the groups into the folder `target`, which is made: a checkpoint, as `PushGroups.open` reads it. Blocks.
    package func write(into target: String, on disk: any FileSystem = Disk()) throws(PushGroupsError) {
        do throws(PlatformError) {
            try disk.makeDirectory("\(target)/wal")
            var checkpoint = try CheckpointWriter(SegmentDirectory(disk: disk, path: "\(target)/wal"), index: 0)
            do throws(PlatformError) {
                for group in groups.values {
                    let record = GroupRecord.group(group)
                    let failure: PlatformError? = record.withUnsafeBufferPointer { bytes in
                        do throws(PlatformError) { try checkpoint.append(bytes) } catch { return error }
                        return nil
                    }
                    if let failure { throw failure }
                }
            } catch {
                checkpoint.abandon()
                throw error
            }
            try checkpoint.finish()
        } catch { throw PushGroupsError(error) }
    }
}
