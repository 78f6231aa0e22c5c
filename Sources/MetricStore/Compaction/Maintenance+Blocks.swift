import Platform

extension Maintenance {
    /// Puts one block in the place of those chosen.
    ///
    /// The new block is whole and durable before the list changes, the list changes in one step, and the old folders go last; the new
    /// block names its parents, so that whichever of them a crash leaves behind are known for dead at the next opening.
    ///
    /// False when nothing came of it.
    func compact(_ choice: CompactionPlan.Choice) throws(MetricStoreError) -> Bool {
        let chosen = choice.blocks.compactMap { id in blocks.all.first { $0.meta.id == id } }
        let meta = BlockMeta(id: newBlockID(inPlaceOf: chosen), merging: chosen.map(\.meta))
        let written: Block?
        do throws(MetricStoreError) {
            written = try timed { () throws(MetricStoreError) in
                try BlockMerge(disk: disk, directory: directory, blocks: Self.byPrecedence(chosen), meta: meta, isCancelled: { self.isStopped }).run()
            }
        } catch {
            markFailed(chosen, error)
            throw error
        }
        if choice.reason == .overlap { state.withLock { $0.counts.verticalCompactions += 1 } }
        return try replace(chosen, with: written)
    }

    /// Blocks so that of samples at the same time the one of the first is the one that is read.
    private static func byPrecedence(_ blocks: [Block]) -> [Block] {
        blocks.filter { !$0.meta.isOutOfOrder } + blocks.filter(\.meta.isOutOfOrder).sorted(by: Block.isOlder)
    }

    /// Puts `new` in the place of `old`, of which, when it is nil, nothing is left. Then the one that says where the head begins stays all
    /// the same, until another says so: without it the log would bring back at the next opening what is deleted in it. False when nothing changed.
    @discardableResult
    func replace(_ gone: [Block], with new: Block?) throws(MetricStoreError) -> Bool {
        let headMinTime = blocks.headMinTime
        let old = new == nil ? gone.filter { $0.meta.isPartial || $0.meta.maxTime < headMinTime } : gone
        if old.isEmpty, new == nil { return false }
        do throws(PlatformError) {
            // Without a child that names them, they must say themselves that they are dead.
            if new == nil { for block in old { blocks.swap([block], for: [try block.marking(disk) { $0.isDeletable = true }]) } }
            try blocks.remove(disk, old, replacedBy: new.map { [$0] } ?? [])
        } catch { throw failedReload(error) }
        state.withLock { $0.counts.reloads += 1 }
        return true
    }

    /// Leaves blocks alone in future that could not be compacted, but for a disk that is full or a store that closes.
    private func markFailed(_ chosen: [Block], _ error: MetricStoreError) {
        switch error {
        case .closed, .locked, .io, .refused: return
        case .corrupt, .unsupported: break
        }
        for block in chosen { if let marked = try? block.marking(disk, { $0.hasFailed = true }) { blocks.swap([block], for: [marked]) } }
    }

    private func failedReload(_ error: PlatformError) -> MetricStoreError {
        state.withLock { state in
            state.counts.reloads += 1
            state.counts.reloadsFailed += 1
        }
        return MetricStoreError(error)
    }

    func removeLeftovers() throws(MetricStoreError) {
        do throws(PlatformError) { try blocks.removeLeftovers(disk) } catch { throw failedReload(error) }
    }

    /// Deletes the blocks that are past the retention.
    func expire() throws(MetricStoreError) {
        let all = blocks.all
        let retention = Retention(millis: options.retentionMillis, bytes: options.retentionBytes)
        measureLog()
        let verdict = retention.judge(all.map { .init(id: $0.meta.id, maxTime: $0.meta.maxTime, byteCount: $0.byteCount) }, logBytes: logBytes + outOfOrderLog.byteCount + headChunks.byteCount)
        guard !verdict.all.isEmpty else { return }
        state.withLock { state in
            state.counts.timeRetentions += verdict.tooOld.isEmpty ? 0 : 1
            state.counts.sizeRetentions += verdict.tooMuch.isEmpty ? 0 : 1
            state.counts.reloads += 1
        }
        do throws(PlatformError) { try blocks.remove(disk, all.filter { verdict.all.contains($0.meta.id) }) } catch { throw failedReload(error) }
    }
}
