import MetricModel

/// One entry of the routing tree as it stands in the configuration; what is nil is inherited.
///
/// Source: alertmanager `config/config.go` (`Route`).
package struct RouteOptions: Hashable, Sendable {
    package var receiver: String?
    /// Names of labels; `["..."]` for all of them.
    package var groupBy: [String]?
    package var groupWait: ModelDuration?
    package var groupInterval: ModelDuration?
    package var repeatInterval: ModelDuration?
    package var matchers = AlertMatchers()
    /// Whether the routes after this one are tried too.
    package var continues = false
    package var muteTimeIntervals: [String] = []
    package var activeTimeIntervals: [String] = []
    package var routes: [RouteOptions] = []

    package init() {}
}

/// A node of the routing tree with everything that it inherits.
package struct Route: Hashable, Sendable {
    package enum Grouping: Hashable, Sendable {
        case everything
        case names(Set<String>)
    }

    package let receiver: String
    package let grouping: Grouping
    package let groupWaitMillis: Int64
    package let groupIntervalMillis: Int64
    package let repeatIntervalMillis: Int64
    package let matchers: AlertMatchers
    package let continues: Bool
    package let muteTimeIntervals: [String]
    package let activeTimeIntervals: [String]
    /// The matchers from the root to this node, `{}/{severity="critical"}`. Two routes may share it.
    package let key: String
    /// Indices of the routes below, in the file's order.
    fileprivate(set) package var children: [Int] = []

    /// The labels that an alert's group is told by.
    package func groupLabels(of labels: Labels) -> Labels {
        switch grouping {
        case .everything: labels
        case .names(let names): Labels(labels.pairs.filter { names.contains($0.name) }.map { ($0.name, $0.value) })
        }
    }
}

/// The routing tree: which routes an alert takes. The root takes what no other route does.
///
/// Source: alertmanager `dispatch/route.go`.
package struct RouteTree: Hashable, Sendable {
    /// The root first.
    package private(set) var routes: [Route] = []

    private static let depthMax = 64

    package init(_ root: RouteOptions) throws(AlertingError) {
        guard let receiver = root.receiver, !receiver.isEmpty else { throw .invalidRoute(reason: "root route must specify a default receiver") }
        guard root.matchers.isEmpty else { throw .invalidRoute(reason: "root route must not have any matchers") }
        guard root.muteTimeIntervals.isEmpty else { throw .invalidRoute(reason: "root route must not have any mute time intervals") }
        guard root.activeTimeIntervals.isEmpty else { throw .invalidRoute(reason: "root route must not have any active time intervals") }
        guard !root.continues else { throw .invalidRoute(reason: "cannot have continue in root route") }
        _ = try add(root, below: nil, depth: 0)
    }

    private mutating func add(_ options: RouteOptions, below parent: Route?, depth: Int) throws(AlertingError) -> Int {
        guard depth < Self.depthMax else { throw .invalidRoute(reason: "routes are nested more than \(Self.depthMax) deep") }
        let route = Route(
            receiver: options.receiver.flatMap { $0.isEmpty ? nil : $0 } ?? parent?.receiver ?? "", grouping: try Self.grouping(options.groupBy) ?? parent?.grouping ?? .names([]),
            groupWaitMillis: options.groupWait?.millis ?? parent?.groupWaitMillis ?? 30_000,
            groupIntervalMillis: try Self.interval(options.groupInterval, "group_interval") ?? parent?.groupIntervalMillis ?? 300_000,
            repeatIntervalMillis: try Self.interval(options.repeatInterval, "repeat_interval") ?? parent?.repeatIntervalMillis ?? 4 * 3_600_000,
            matchers: options.matchers, continues: options.continues, muteTimeIntervals: options.muteTimeIntervals, activeTimeIntervals: options.activeTimeIntervals,
            key: (parent.map { $0.key + "/" } ?? "") + options.matchers.description)
        let index = routes.count
        routes.append(route)
        for child in options.routes {
            let childIndex = try add(child, below: route, depth: depth + 1)
            routes[index].children.append(childIndex)
        }
        return index
    }

    private static func interval(_ duration: ModelDuration?, _ name: String) throws(AlertingError) -> Int64? {
        guard let duration else { return nil }
        guard duration.millis > 0 else { throw .invalidRoute(reason: "\(name) cannot be zero") }
        return duration.millis
    }

    private static func grouping(_ names: [String]?) throws(AlertingError) -> Route.Grouping? {
        guard let names else { return nil }
        guard Set(names).count == names.count else { throw .invalidRoute(reason: "duplicated label in group_by") }
        if names == ["..."] { return .everything }
        guard !names.contains("...") else { throw .invalidRoute(reason: "cannot have wildcard group_by (`...`) and other labels at the same time") }
        guard !names.contains("") else { throw .invalidRoute(reason: "invalid label name \"\" in group_by list") }
        return .names(Set(names))
    }

    /// Indices of the routes that an alert with these labels takes: the deepest that match, depth first; at least one.
    package func matches(_ labels: Labels) -> [Int] { matches(labels, from: 0) ?? [0] }

    private func matches(_ labels: Labels, from index: Int) -> [Int]? {
        guard routes[index].matchers.matches(labels) else { return nil }
        var found: [Int] = []
        for child in routes[index].children {
            guard let below = matches(labels, from: child) else { continue }
            found += below
            if !routes[child].continues { break }
        }
        return found.isEmpty ? [index] : found
    }
}
