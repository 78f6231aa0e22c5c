import Bytes
import Logging
import MetricModel
import MetricStore
import Platform
import Synchronization

/// Scrapes everything that the configurations name, and keeps doing so as they and the discovered targets change.
///
/// `apply` may be called at any time, before `run` too. `run` does all the work and returns when its task is cancelled: scrapes
/// under way are given up, and no stale markers are written, since whoever starts next goes on with the same series.
package final class ScrapeManager: Sendable {
    package struct Options: Sendable {
        /// Spreads scrapes differently on servers that scrape the same targets; upstream hashes host name and external labels.
        package var offsetSeed: UInt64 = 0
        package var userAgent = "ObservabilityStack"
        /// Reads `file_sd` files in YAML into the value that the same document would have in JSON.
        package var readYAML: @Sendable (_ bytes: [UInt8]) throws -> JSONValue = { _ throws(AcquisitionError) in
            throw .invalidTargetFile(path: "", reason: "YAML target files are not read here; write them in JSON")
        }

        package init() {}
    }

    private struct DiscoveryKey: Hashable {
        let job: String
        let options: FileDiscoveryOptions
    }

    private struct Discovery {
        let stop: ScrapeStop
        var groups: [TargetGroup] = []
    }

    private struct State {
        var configs: [ScrapeConfig] = []
        var pools: [String: ScrapePool] = [:]
        var discoveries: [DiscoveryKey: Discovery] = [:]
    }

    private let state = Mutex(State())
    private let surroundings: ScrapeLoop.Surroundings
    private let options: Options
    private let changes: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    package init(
        writer: any MetricWriter, transport: any ScrapeTransport, files: any FileSystem, blocking: BlockingPool, clock: any TimeSource = SystemClock(),
        options: Options = Options(), logger: Logger
    ) {
        self.options = options
        let fetch = ScrapeFetch(transport: transport, files: files, blocking: blocking, userAgent: options.userAgent)
        surroundings = ScrapeLoop.Surroundings(writer: writer, fetch: fetch, clock: clock, seed: options.offsetSeed, tally: ScrapeTally(), logger: logger)
        (changes, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Replaces all configurations. Throws, with nothing changed, when one of them is not valid or two name the same job.
    package func apply(_ configs: [ScrapeConfig]) throws(AcquisitionError) {
        try Self.check(configs)
        state.withLock { $0.configs = configs }
        signal.yield()
    }

    /// Throws when `apply` would: for a config that cannot be, or a job twice.
    package static func check(_ configs: [ScrapeConfig]) throws(AcquisitionError) {
        var jobs: Set<String> = []
        for config in configs {
            try config.validate()
            if !jobs.insert(config.job).inserted { throw .duplicateJob(config.job) }
        }
    }

    package func run() async {
        await withDiscardingTaskGroup { group in
            for await _ in changes { reconcile(&group) }
            group.cancelAll()
        }
    }

    // MARK: - What the APIs show

    package var targets: TargetsSnapshot {
        state.withLock { state in
            var snapshot = TargetsSnapshot()
            snapshot.pools = state.pools.keys.sorted()
            for name in snapshot.pools {
                guard let pool = state.pools[name] else { continue }
                snapshot.active += pool.active.values.map { TargetsSnapshot.Active(scrapePool: name, target: $0.target, report: $0.loop.report) }
                    .sorted { $0.target.url.text < $1.target.url.text }
                snapshot.dropped += pool.dropped.map { TargetsSnapshot.Dropped(scrapePool: name, discoveredLabels: $0) }
                snapshot.droppedCounts[name] = pool.droppedCount
            }
            return snapshot
        }
    }

    /// What every active target says of its metric families, for `/api/v1/targets/metadata`.
    package var targetMetadata: [(target: Target, families: [(metric: String, MetricMetadata)])] {
        let active = state.withLock { state in state.pools.values.flatMap { Array($0.active.values) } }
        return active.map { ($0.target, $0.loop.families) }
    }

    /// The `prometheus_target_…` metrics.
    package var selfMetrics: [MetricFamily] {
        let limits = state.withLock { state in state.pools.mapValues(\.config.targetLimit) }
        return surroundings.tally.families(targets, limits: limits)
    }

    // MARK: - Reconciling

    private func reconcile(_ group: inout DiscardingTaskGroup) {
        var loops: [ScrapeLoop] = []
        var discoveries: [(DiscoveryKey, ScrapeStop)] = []
        state.withLock { state in
            let wanted = Set(state.configs.flatMap { config in config.fileDiscoveries.map { DiscoveryKey(job: config.job, options: $0) } })
            for (key, discovery) in state.discoveries where !wanted.contains(key) {
                discovery.stop.stop(.poolGone)
                state.discoveries[key] = nil
            }
            for key in wanted where state.discoveries[key] == nil {
                let stop = ScrapeStop()
                state.discoveries[key] = Discovery(stop: stop)
                discoveries.append((key, stop))
            }
            let jobs = Set(state.configs.map(\.job))
            for (name, pool) in state.pools where !jobs.contains(name) {
                pool.stop()
                state.pools[name] = nil
            }
            for config in state.configs { loops += sync(config, &state) }
        }
        for (key, stop) in discoveries { group.addTask { await self.discover(key, stop) } }
        for loop in loops { group.addTask { await loop.run() } }
    }

    private func sync(_ config: ScrapeConfig, _ state: inout State) -> [ScrapeLoop] {
        var groups = config.staticGroups
        for options in config.fileDiscoveries { groups += state.discoveries[DiscoveryKey(job: config.job, options: options)]?.groups ?? [] }
        var pool = state.pools[config.job] ?? ScrapePool(config)
        if pool.config != config { surroundings.tally.countReload() }
        let changes = pool.sync(config, groups, surroundings)
        state.pools[config.job] = pool
        surroundings.tally.countSync(config.job, failures: changes.failures.count)
        if changes.exceedsTargetLimit { surroundings.tally.countTargetLimit() }
        for failure in changes.failures { surroundings.logger.error("Creating target failed", metadata: ["scrape_pool": "\(config.job)", "error": "\(failure)"]) }
        return changes.started
    }

    private func discover(_ key: DiscoveryKey, _ stop: ScrapeStop) async {
        var discovery = FileDiscovery(key.options, files: surroundings.fetch.files, readYAML: options.readYAML)
        var lastFailures: [AcquisitionError] = []
        repeat {
            let before = discovery
            let (after, result) = await surroundings.fetch.blocking.run {
                var discovery = before
                let result = discovery.refresh()
                return (discovery, result)
            }
            discovery = after
            // A file that stays broken is reported once.
            if result.failures != lastFailures {
                for failure in result.failures { surroundings.logger.error("Reading a target file failed", metadata: ["scrape_pool": "\(key.job)", "error": "\(failure)"]) }
            }
            lastFailures = result.failures
            let isNew = state.withLock { state in
                guard state.discoveries[key]?.stop === stop, state.discoveries[key]?.groups != result.groups else { return false }
                state.discoveries[key]?.groups = result.groups
                return true
            }
            if isNew { signal.yield() }
        } while await stop.sleep(nanos: UInt64(FileDiscovery.refreshMillis) * 1_000_000, surroundings.clock)
    }
}
