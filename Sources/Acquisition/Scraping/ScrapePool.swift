import MetricModel

/// The targets of one job, active and dropped, and the loops that scrape them.
struct ScrapePool: Sendable {
    private(set) var config: ScrapeConfig
    /// By the targets' identity. The target here is the newest made of its labels; its loop may have been started with an older one.
    private(set) var active: [UInt64: (target: Target, loop: ScrapeLoop)] = [:]
    private(set) var dropped: [Labels] = []
    private(set) var droppedCount = 0

    /// What a synchronisation asks its caller to do and to say.
    struct Changes {
        var started: [ScrapeLoop] = []
        /// Targets that could not be made, in words.
        var failures: [String] = []
        var exceedsTargetLimit = false
    }

    init(_ config: ScrapeConfig) { self.config = config }

    /// Brings the loops in line with a configuration and the groups discovered for it. Targets that are as they were keep their
    /// loop; under changed settings a new loop takes over from the old one.
    mutating func sync(_ newConfig: ScrapeConfig, _ groups: [TargetGroup], _ surroundings: ScrapeLoop.Surroundings) -> Changes {
        var changes = Changes()
        let goesOn = config.scrapesLike(newConfig)
        let keepsCache = config.keepsCache(under: newConfig)
        config = newConfig
        dropped = []
        droppedCount = 0
        var wanted: [UInt64: Target] = [:]
        for group in groups {
            for (index, labels) in group.targets.enumerated() {
                switch Target.make(labels, in: group, config: config) {
                case .active(let target): if wanted[target.identity] == nil { wanted[target.identity] = target }
                case .dropped(let discovered):
                    droppedCount += 1
                    if config.keptDroppedTargets == 0 || dropped.count < config.keptDroppedTargets { dropped.append(discovered) }
                case .invalid(let reason): changes.failures.append("instance \(index) in group \(group.source): \(reason)")
                }
            }
        }
        for (identity, old) in active where wanted[identity] == nil {
            old.loop.stop.stop(.targetGone)
            active[identity] = nil
        }
        for (identity, target) in wanted {
            if let old = active[identity] {
                let isSame = goesOn && old.loop.target.interval == target.interval && old.loop.target.timeout == target.timeout
                active[identity]?.target = target
                if isSame { continue }
                old.loop.stop.stop(keepsCache ? .replaced : .targetGone)
            }
            let loop = ScrapeLoop(target, config, surroundings, after: active[identity]?.loop)
            active[identity] = (target, loop)
            changes.started.append(loop)
        }
        changes.exceedsTargetLimit = config.targetLimit > 0 && active.count > config.targetLimit
        let error = changes.exceedsTargetLimit ? "target_limit exceeded (number of targets: \(active.count), limit: \(config.targetLimit))" : nil
        for (_, loop) in active.values { loop.fail(with: error) }
        return changes
    }

    /// Ends all loops without stale markers.
    func stop() { for (_, loop) in active.values { loop.stop.stop(.poolGone) } }
}
