/// Rules that are evaluated one after the other, at one time.
package struct RuleGroup: Sendable, Hashable {
    package var name: String
    /// Where it was read; what has no file has a word for its origin.
    package var file: String
    package var intervalMillis: Int64
    /// How far behind the time of the evaluation the rules look; nil for what the settings say.
    package var queryOffsetMillis: Int64?
    /// How many series or alerts a rule may have, 0 for any number.
    package var limit: Int
    package var rules: [Rule]

    /// Precondition: the interval is positive.
    package init(name: String, file: String, intervalMillis: Int64, queryOffsetMillis: Int64? = nil, limit: Int = 0, rules: [Rule]) {
        precondition(intervalMillis > 0, "a group of rules needs an interval")
        self.name = name
        self.file = file
        self.intervalMillis = intervalMillis
        self.queryOffsetMillis = queryOffsetMillis
        self.limit = limit
        self.rules = rules
    }

    /// What tells it from all others, and names it in metrics.
    package var key: String { "\(file);\(name)" }
}
