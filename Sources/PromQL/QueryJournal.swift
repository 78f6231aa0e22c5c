/// Hears of every query that the engine runs. Called on the thread that runs the query, which it may hold up for the length of a write.
package protocol QueryJournal: Sendable {
    /// A query has got its place. What is returned comes back with `ended`. No more are under way than `concurrencyMax`.
    func began(_ query: String) -> Int
    func ended(_ entry: Int, _ record: QueryRecord)
}

/// A query that has run: what was asked, by whom, and what it cost.
package struct QueryRecord: Sendable {
    package var query: String
    package var startMillis: Int64
    package var endMillis: Int64
    /// 0 for an instant query.
    package var stepMillis: Int64
    /// Why there is no answer; nil when there is one.
    package var error: QueryError?
    package var statistics: QueryStatistics
    package var origin: QueryOrigin?

    package init(query: String, startMillis: Int64, endMillis: Int64, stepMillis: Int64, error: QueryError?, statistics: QueryStatistics, origin: QueryOrigin?) {
        self.query = query
        self.startMillis = startMillis
        self.endMillis = endMillis
        self.stepMillis = stepMillis
        self.error = error
        self.statistics = statistics
        self.origin = origin
    }
}

/// The HTTP request that a query came with.
package struct QueryOrigin: Sendable, Hashable {
    package var clientIP: String
    package var method: String
    package var path: String

    package init(clientIP: String, method: String, path: String) {
        self.clientIP = clientIP
        self.method = method
        self.path = path
    }
}
