import Bytes
import MetricModel

/// Grafana's data frame: named, typed columns of one length.
package struct DataFrame: Sendable {
    package struct Field: Sendable {
        package enum Column: Sendable {
            /// Milliseconds since the epoch.
            case times([Int64])
            /// The stale marker stands for "no value".
            case numbers([Double])
            case strings([String])
        }

        package var name: String
        package var column: Column
        /// nil for fields that have none by nature.
        package var labels: Labels?
        package var displayName: String?
        /// The distance of the points of a time field.
        package var intervalMillis: Int64?

        package init(_ name: String, _ column: Column, labels: Labels? = nil, displayName: String? = nil, intervalMillis: Int64? = nil) {
            self.name = name
            self.column = column
            self.labels = labels
            self.displayName = displayName
            self.intervalMillis = intervalMillis
        }
    }

    /// Frame types of Grafana's data plane.
    package enum Kind: String, Sendable {
        case timeSeries = "timeseries-multi", numeric = "numeric-multi", table, heatmap = "heatmap-rows"
    }

    /// A remark of the query engine.
    package struct Notice: Sendable, Equatable {
        package enum Severity: String, Sendable { case info, warning }
        package let severity: Severity
        package let text: String
    }

    package var refID: String
    package var kind: Kind?
    /// Prometheus's name for what was answered: "matrix", "vector", "scalar" or "string".
    package var resultType: String?
    package var notices: [Notice] = []
    /// What was asked after variables were put in; of a query's first frame.
    package var executedQuery: String?
    package var fields: [Field]

    package init(refID: String, kind: Kind? = nil, resultType: String? = nil, fields: [Field] = []) {
        self.refID = refID
        self.kind = kind
        self.resultType = resultType
        self.fields = fields
    }
}

extension DataFrame {
    /// Writes `{"schema": …, "data": …}` as Grafana's SDK does (`data/frame_json.go`).
    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.key("schema")
        json.beginObject()
        json.member("refId", refID)
        json.key("meta")
        writeMeta(to: &json)
        json.key("fields")
        json.beginArray()
        for field in fields { Self.writeSchema(field, to: &json) }
        json.endArray()
        json.endObject()
        json.key("data")
        json.beginObject()
        json.key("values")
        json.beginArray()
        for field in fields { Self.writeValues(field.column, to: &json) }
        json.endArray()
        writeEntities(to: &json)
        json.endObject()
        json.endObject()
    }

    private func writeMeta(to json: inout JSONWriter) {
        json.beginObject()
        if let kind { json.member("type", kind.rawValue) }
        json.key("typeVersion")
        json.beginArray()
        json.int(0)
        json.int(kind == nil ? 0 : 1)
        json.endArray()
        if let resultType {
            json.key("custom")
            json.beginObject()
            json.member("resultType", resultType)
            json.endObject()
        }
        if !notices.isEmpty {
            json.key("notices")
            json.beginArray()
            for notice in notices {
                json.beginObject()
                json.member("severity", notice.severity.rawValue)
                json.member("text", notice.text)
                json.endObject()
            }
            json.endArray()
        }
        if let executedQuery { json.member("executedQueryString", executedQuery) }
        json.endObject()
    }

    private static func writeSchema(_ field: Field, to json: inout JSONWriter) {
        json.beginObject()
        json.member("name", field.name)
        let (type, frame): (String, String) = switch field.column {
        case .times: ("time", "time.Time")
        case .numbers: ("number", "float64")
        case .strings: ("string", "string")
        }
        json.member("type", type)
        json.key("typeInfo")
        json.beginObject()
        json.member("frame", frame)
        if case .numbers(let values) = field.column, values.contains(where: Staleness.isMarker) { json.member("nullable", true) }
        json.endObject()
        if let labels = field.labels {
            json.key("labels")
            json.beginObject()
            for pair in labels.pairs { json.member(pair.name, pair.value) }
            json.endObject()
        }
        if field.displayName != nil || field.intervalMillis != nil {
            json.key("config")
            json.beginObject()
            if let name = field.displayName { json.member("displayNameFromDS", name) }
            if let interval = field.intervalMillis { json.member("interval", interval) }
            json.endObject()
        }
        json.endObject()
    }

    private static func writeValues(_ column: Field.Column, to json: inout JSONWriter) {
        json.beginArray()
        switch column {
        case .times(let times): for time in times { json.int(time) }
        case .numbers(let values): for value in values { json.double(value) }
        case .strings(let texts): for text in texts { json.string(text) }
        }
        json.endArray()
    }

    /// Where the numbers are that JSON has not: null stands in their place.
    private func writeEntities(to json: inout JSONWriter) {
        let entities = fields.map { Self.entities($0.column) }
        guard entities.contains(where: { !$0.isEmpty }) else { return }
        json.key("entities")
        json.beginArray()
        for kinds in entities {
            guard !kinds.isEmpty else {
                json.null()
                continue
            }
            json.beginObject()
            for (name, rows) in kinds {
                json.key(name)
                json.beginArray()
                for row in rows { json.int(row) }
                json.endArray()
            }
            json.endObject()
        }
        json.endArray()
    }

    private static func entities(_ column: Field.Column) -> [(name: String, rows: [Int])] {
        guard case .numbers(let values) = column else { return [] }
        var nan: [Int] = []
        var positive: [Int] = []
        var negative: [Int] = []
        for (row, value) in values.enumerated() where !value.isFinite && !Staleness.isMarker(value) {
            if value.isNaN { nan.append(row) } else if value > 0 { positive.append(row) } else { negative.append(row) }
        }
        return [("NaN", nan), ("Inf", positive), ("NegInf", negative)].filter { !$0.1.isEmpty }
    }
}
