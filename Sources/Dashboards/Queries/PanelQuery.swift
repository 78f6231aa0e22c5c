import Bytes

/// One query of a panel, as `POST /api/ds/query` carries it (`PrometheusQueryProperties` and the common ones).
package struct PanelQuery: Sendable {
    package enum Format: String, Sendable { case timeSeries = "time_series", table, heatmap }

    package var refID: String
    package var expression: String
    package var format = Format.timeSeries
    package var isInstant = false
    package var isRange = true
    package var legendFormat = ""
    /// The least step: a duration or an interval variable.
    package var minimumStep = ""
    package var intervalMillis: Int64 = 0
    package var intervalFactor = 1
    package var points = 100
    package var utcOffsetSeconds: Int64 = 0
    package var isHidden = false
    /// The data source's uid or name and its type; empty when the query names none.
    package var dataSource = ""
    package var dataSourceType = ""

    package init(refID: String, expression: String) {
        self.refID = refID
        self.expression = expression
    }

    init(_ json: JSONValue, index: Int) throws(DashboardsError) {
        guard json.object != nil else { throw .invalidQuery(reason: "queries[\(index)] must be an object") }
        refID = json["refId"]?.string ?? ""
        if refID.isEmpty { refID = "A" }
        expression = json["expr"]?.string ?? ""
        format = json["format"]?.string.flatMap(Format.init) ?? .timeSeries
        isInstant = json["instant"]?.bool ?? false
        isRange = json["range"]?.bool ?? !isInstant
        if !isInstant, !isRange { isRange = true }
        legendFormat = json["legendFormat"]?.string ?? ""
        minimumStep = json["interval"]?.string ?? ""
        intervalMillis = Int64(clamping: json["intervalMs"]?.double.flatMap { $0 >= 0 && $0 < 1e15 ? Int64($0) : nil } ?? 0)
        intervalFactor = json["intervalFactor"]?.int ?? 1
        points = json["maxDataPoints"]?.double.flatMap { $0 >= 1 && $0 < 1e9 ? Int($0) : nil } ?? 100
        utcOffsetSeconds = json["utcOffsetSec"]?.int.flatMap { abs($0) <= 86_400 ? Int64($0) : nil } ?? 0
        isHidden = json["hide"]?.bool ?? false
        if let name = json["datasource"]?.string {
            dataSource = name
        } else if let reference = json["datasource"] {
            dataSource = reference["uid"]?.string ?? ""
            dataSourceType = reference["type"]?.string ?? ""
        }
    }
}

/// A whole request: queries over one time range, with the values of the dashboard's variables if the sender left them in.
package struct PanelQueryRequest: Sendable {
    package var queries: [PanelQuery]
    package var fromMillis: Int64
    package var toMillis: Int64
    package var variables: [String: Interpolation.Value] = [:]

    private static let queriesMax = 100

    package init(queries: [PanelQuery], fromMillis: Int64, toMillis: Int64) {
        self.queries = queries
        self.fromMillis = fromMillis
        self.toMillis = toMillis
    }

    /// Reads the body of `POST /api/ds/query`. `variables` is ours: name → text, or list of texts for one that allows several.
    package init(_ json: JSONValue, now: Int64) throws(DashboardsError) {
        guard let list = json["queries"]?.array, !list.isEmpty else { throw .invalidQuery(reason: "no queries found") }
        guard list.count <= Self.queriesMax else { throw .invalidQuery(reason: "\(list.count) queries in one request; at most \(Self.queriesMax) are taken") }
        fromMillis = try Self.time(json, "from", now: now, absent: now - 3_600_000, roundsUp: false)
        toMillis = try Self.time(json, "to", now: now, absent: now, roundsUp: true)
        guard fromMillis <= toMillis else { throw .invalidQuery(reason: "from (\(fromMillis)) is after to (\(toMillis))") }
        queries = []
        for (index, element) in list.enumerated() {
            let query = try PanelQuery(element, index: index)
            guard !queries.contains(where: { $0.refID == query.refID }) else { throw .invalidQuery(reason: "two queries have the refId \"\(query.refID)\"") }
            queries.append(query)
        }
        for member in json["variables"]?.object ?? [] {
            if let text = member.value.string { variables[member.key] = .one(text) }
            if let texts = member.value.array { variables[member.key] = .many(texts.compactMap(\.string)) }
        }
    }

    private static func time(_ json: JSONValue, _ key: String, now: Int64, absent: Int64, roundsUp: Bool) throws(DashboardsError) -> Int64 {
        guard let value = json[key], !value.isNull, value.string != "" else { return absent }
        let text = value.string ?? value.int.map(String.init) ?? ""
        guard let millis = TimeText.millis(text, now: now, roundsUp: roundsUp) else {
            throw .invalidQuery(reason: "\(key) \"\(text)\" is not a time; \"now-1h\", milliseconds since the epoch and RFC 3339 are")
        }
        return millis
    }
}
