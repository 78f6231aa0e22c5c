import Bytes
import MetricModel
import PromQL

extension QueryValue {
    /// `resultType` of the HTTP API.
    var resultType: String {
        switch self {
        case .scalar: "scalar"
        case .string: "string"
        case .vector: "vector"
        case .matrix: "matrix"
        }
    }
}

extension JSONWriter {
    /// `result` of the HTTP API (upstream web/api/v1/json_codec.go). One pass over the columns, nothing allocated a sample.
    mutating func queryValue(_ value: QueryValue) {
        switch value {
        case .scalar(let time, let value): sample(time, value)
        case .string(let time, let text):
            beginArray()
            timestamp(time)
            string(text)
            endArray()
        case .vector(let samples):
            beginArray()
            for element in samples {
                beginObject()
                key("metric")
                labels(element.labels)
                key("value")
                sample(element.timeMillis, element.value)
                endObject()
            }
            endArray()
        case .matrix(let matrix):
            beginArray()
            for series in matrix.series {
                beginObject()
                key("metric")
                labels(series.labels)
                key("values")
                beginArray()
                for (time, value) in zip(series.timestamps, series.values) { sample(time, value) }
                endArray()
                endObject()
            }
            endArray()
        }
    }

    private mutating func sample(_ timeMillis: Int64, _ value: Double) {
        beginArray()
        SampleText.append(millis: timeMillis, to: &out)
        out.append(UInt8(ascii: ","))
        SampleText.appendQuoted(value, to: &out)
        endArray()
    }

    private mutating func timestamp(_ millis: Int64) {
        SampleText.append(millis: millis, to: &out)
        out.append(UInt8(ascii: ","))
    }

    /// A label set as an object, its bytes escaped in place.
    mutating func labels(_ labels: Labels) {
        beginObject()
        var isFirst = true
        labels.forEachBytes { name, value in
            if !isFirst { out.append(UInt8(ascii: ",")) }
            isFirst = false
            quoted(name)
            out.append(UInt8(ascii: ":"))
            quoted(value)
        }
        endObject()
    }
}
