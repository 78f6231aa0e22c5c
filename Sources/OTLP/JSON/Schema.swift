/// The messages of OTLP as tables, so that one transcoder serves JSON for every signal.
///
/// Source: opentelemetry-proto, `opentelemetry/proto/**.proto`. A field's JSON name is its lowerCamelCase name.
enum Schema: Int, CaseIterable {
    case tracesData, resourceSpans, scopeSpans, span, event, link, status
    case metricsData, resourceMetrics, scopeMetrics, metric, gauge, sum, histogram, exponentialHistogram, summary
    case numberDataPoint, histogramDataPoint, exponentialHistogramDataPoint, buckets, summaryDataPoint, valueAtQuantile, exemplar
    case resource, scope, keyValue, anyValue, arrayValue, keyValueList
    case partialTraces, partialMetrics, exportTracesResponse, exportMetricsResponse, rpcStatus

    enum Kind {
        case string, bool, double, uint32, int32, sint32, int64, uint64, fixed32, fixed64, sfixed64
        /// Base64 in JSON.
        case bytes
        /// Hexadecimal in JSON, of so many bytes.
        case id(Int)
        /// A number in JSON, or one of the names, which stand at their numbers.
        case enumeration([String])
        case message(Schema)
    }

    struct Field {
        let number: UInt32
        let name: String
        let jsonName: String
        let kind: Kind
        let isRepeated: Bool

        init(_ number: UInt32, _ name: String, _ kind: Kind, repeated: Bool = false) {
            self.number = number
            self.name = name
            self.kind = kind
            isRepeated = repeated
            var camel = ""
            var upper = false
            for character in name {
                if character == "_" { upper = true; continue }
                camel += upper ? character.uppercased() : String(character)
                upper = false
            }
            jsonName = camel
        }
    }

    private static let tables: [[Field]] = allCases.map(\.definition)

    var fields: [Field] { Self.tables[rawValue] }

    private static let temporality = Kind.enumeration([
        "AGGREGATION_TEMPORALITY_UNSPECIFIED", "AGGREGATION_TEMPORALITY_DELTA", "AGGREGATION_TEMPORALITY_CUMULATIVE",
    ])

    private static func attributes(_ number: UInt32, _ name: String = "attributes") -> Field { Field(number, name, .message(.keyValue), repeated: true) }
    private static func dropped(_ number: UInt32) -> Field { Field(number, "dropped_attributes_count", .uint32) }

    private var definition: [Field] {
        switch self {
        case .tracesData: [Field(1, "resource_spans", .message(.resourceSpans), repeated: true)]
        case .resourceSpans:
            [Field(1, "resource", .message(.resource)), Field(2, "scope_spans", .message(.scopeSpans), repeated: true), Field(3, "schema_url", .string)]
        case .scopeSpans: [Field(1, "scope", .message(.scope)), Field(2, "spans", .message(.span), repeated: true), Field(3, "schema_url", .string)]
        case .span:
            [
                Field(1, "trace_id", .id(16)), Field(2, "span_id", .id(8)), Field(3, "trace_state", .string), Field(4, "parent_span_id", .id(8)),
                Field(5, "name", .string),
                Field(6, "kind", .enumeration([
                    "SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER",
                ])),
                Field(7, "start_time_unix_nano", .fixed64), Field(8, "end_time_unix_nano", .fixed64), Self.attributes(9), Self.dropped(10),
                Field(11, "events", .message(.event), repeated: true), Field(12, "dropped_events_count", .uint32),
                Field(13, "links", .message(.link), repeated: true), Field(14, "dropped_links_count", .uint32), Field(15, "status", .message(.status)),
                Field(16, "flags", .fixed32),
            ]
        case .event: [Field(1, "time_unix_nano", .fixed64), Field(2, "name", .string), Self.attributes(3), Self.dropped(4)]
        case .link:
            [
                Field(1, "trace_id", .id(16)), Field(2, "span_id", .id(8)), Field(3, "trace_state", .string), Self.attributes(4), Self.dropped(5),
                Field(6, "flags", .fixed32),
            ]
        case .status: [Field(2, "message", .string), Field(3, "code", .enumeration(["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"]))]

        case .metricsData: [Field(1, "resource_metrics", .message(.resourceMetrics), repeated: true)]
        case .resourceMetrics:
            [Field(1, "resource", .message(.resource)), Field(2, "scope_metrics", .message(.scopeMetrics), repeated: true), Field(3, "schema_url", .string)]
        case .scopeMetrics: [Field(1, "scope", .message(.scope)), Field(2, "metrics", .message(.metric), repeated: true), Field(3, "schema_url", .string)]
        case .metric:
            [
                Field(1, "name", .string), Field(2, "description", .string), Field(3, "unit", .string), Field(5, "gauge", .message(.gauge)),
                Field(7, "sum", .message(.sum)), Field(9, "histogram", .message(.histogram)),
                Field(10, "exponential_histogram", .message(.exponentialHistogram)), Field(11, "summary", .message(.summary)),
                Self.attributes(12, "metadata"),
            ]
        case .gauge: [Field(1, "data_points", .message(.numberDataPoint), repeated: true)]
        case .sum:
            [
                Field(1, "data_points", .message(.numberDataPoint), repeated: true), Field(2, "aggregation_temporality", Self.temporality),
                Field(3, "is_monotonic", .bool),
            ]
        case .histogram: [Field(1, "data_points", .message(.histogramDataPoint), repeated: true), Field(2, "aggregation_temporality", Self.temporality)]
        case .exponentialHistogram:
            [Field(1, "data_points", .message(.exponentialHistogramDataPoint), repeated: true), Field(2, "aggregation_temporality", Self.temporality)]
        case .summary: [Field(1, "data_points", .message(.summaryDataPoint), repeated: true)]
        case .numberDataPoint:
            [
                Field(2, "start_time_unix_nano", .fixed64), Field(3, "time_unix_nano", .fixed64), Field(4, "as_double", .double),
                Field(5, "exemplars", .message(.exemplar), repeated: true), Field(6, "as_int", .sfixed64), Self.attributes(7), Field(8, "flags", .uint32),
            ]
        case .histogramDataPoint:
            [
                Field(2, "start_time_unix_nano", .fixed64), Field(3, "time_unix_nano", .fixed64), Field(4, "count", .fixed64), Field(5, "sum", .double),
                Field(6, "bucket_counts", .fixed64, repeated: true), Field(7, "explicit_bounds", .double, repeated: true),
                Field(8, "exemplars", .message(.exemplar), repeated: true), Self.attributes(9), Field(10, "flags", .uint32), Field(11, "min", .double),
                Field(12, "max", .double),
            ]
        case .exponentialHistogramDataPoint:
            [
                Self.attributes(1), Field(2, "start_time_unix_nano", .fixed64), Field(3, "time_unix_nano", .fixed64), Field(4, "count", .fixed64),
                Field(5, "sum", .double), Field(6, "scale", .sint32), Field(7, "zero_count", .fixed64), Field(8, "positive", .message(.buckets)),
                Field(9, "negative", .message(.buckets)), Field(10, "flags", .uint32), Field(11, "exemplars", .message(.exemplar), repeated: true),
                Field(12, "min", .double), Field(13, "max", .double), Field(14, "zero_threshold", .double),
            ]
        case .buckets: [Field(1, "offset", .sint32), Field(2, "bucket_counts", .uint64, repeated: true)]
        case .summaryDataPoint:
            [
                Field(2, "start_time_unix_nano", .fixed64), Field(3, "time_unix_nano", .fixed64), Field(4, "count", .fixed64), Field(5, "sum", .double),
                Field(6, "quantile_values", .message(.valueAtQuantile), repeated: true), Self.attributes(7), Field(8, "flags", .uint32),
            ]
        case .valueAtQuantile: [Field(1, "quantile", .double), Field(2, "value", .double)]
        case .exemplar:
            [
                Field(2, "time_unix_nano", .fixed64), Field(3, "as_double", .double), Field(4, "span_id", .id(8)), Field(5, "trace_id", .id(16)),
                Field(6, "as_int", .sfixed64), Self.attributes(7, "filtered_attributes"),
            ]

        case .resource: [Self.attributes(1), Self.dropped(2)]
        case .scope: [Field(1, "name", .string), Field(2, "version", .string), Self.attributes(3), Self.dropped(4)]
        case .keyValue: [Field(1, "key", .string), Field(2, "value", .message(.anyValue))]
        case .anyValue:
            [
                Field(1, "string_value", .string), Field(2, "bool_value", .bool), Field(3, "int_value", .int64), Field(4, "double_value", .double),
                Field(5, "array_value", .message(.arrayValue)), Field(6, "kvlist_value", .message(.keyValueList)), Field(7, "bytes_value", .bytes),
            ]
        case .arrayValue: [Field(1, "values", .message(.anyValue), repeated: true)]
        case .keyValueList: [Self.attributes(1, "values")]

        case .partialTraces: [Field(1, "rejected_spans", .int64), Field(2, "error_message", .string)]
        case .partialMetrics: [Field(1, "rejected_data_points", .int64), Field(2, "error_message", .string)]
        case .exportTracesResponse: [Field(1, "partial_success", .message(.partialTraces))]
        case .exportMetricsResponse: [Field(1, "partial_success", .message(.partialMetrics))]
        case .rpcStatus: [Field(1, "code", .int32), Field(2, "message", .string)]
        }
    }
}
