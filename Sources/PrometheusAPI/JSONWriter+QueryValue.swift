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
        case .scalar(let time, let value):
            beginArray()
            moment(time)
            SampleText.appendQuoted(value, to: &out)
            endArray()
        case .string(let time, let text):
            beginArray()
            moment(time)
            string(text)
            endArray()
        case .vector(let samples):
            beginArray()
            for element in samples {
                beginObject()
                key("metric")
                labels(element.labels)
                if let histogram = element.histogram {
                    key("histogram")
                    sample(element.timeMillis, histogram)
                } else {
                    key("value")
                    sample(element.timeMillis, element.value)
                }
                endObject()
            }
            endArray()
        case .matrix(let matrix):
            let times = StepTexts(matrix)
            beginArray()
            for element in matrix.series { series(element, times) }
            endArray()
        }
    }

    /// One series of a matrix.
    mutating func series(_ series: MatrixSeries, _ times: StepTexts) {
        beginObject()
        key("metric")
        labels(series.labels)
        if !series.timestamps.isEmpty || series.histograms.isEmpty {
            key("values")
            beginArray()
            times.append(series, to: &out)
            endArray()
        }
        if !series.histograms.isEmpty {
            key("histograms")
            beginArray()
            for element in series.histograms { sample(element.timestamp, element.histogram) }
            endArray()
        }
        endObject()
    }

    private mutating func sample(_ timeMillis: Int64, _ value: Double) {
        beginArray()
        SampleText.append(millis: timeMillis, to: &out)
        out.append(UInt8(ascii: ","))
        SampleText.appendQuoted(value, to: &out)
        endArray()
    }

    private mutating func sample(_ timeMillis: Int64, _ histogram: NativeHistogram) {
        beginArray()
        SampleText.append(millis: timeMillis, to: &out)
        out.append(UInt8(ascii: ","))
        self.histogram(histogram)
        endArray()
    }

    /// Count, sum and the buckets that are not empty, each with a number that says which of its bounds belong to it
    /// (upstream `jsonutil.MarshalHistogram`).
    private mutating func histogram(_ histogram: NativeHistogram) {
        let count: Double =
            switch histogram.counts {
            case .float(let tally): tally.count
            case .integer(let tally): Double(tally.count)
            }
        out.append("{\"count\":")
        SampleText.appendQuoted(count, to: &out)
        out.append(",\"sum\":")
        SampleText.appendQuoted(histogram.sum, to: &out)
        let buckets = histogram.ascendingBuckets
        for (place, bucket) in buckets.enumerated() {
            if place == 0 { out.append(",\"buckets\":[[") } else { out.append(",[") }
            let kind: StaticString = switch (bucket.includesLower, bucket.includesUpper) {
            case (false, true): "0,"
            case (true, false): "1,"
            case (false, false): "2,"
            case (true, true): "3,"
            }
            out.append(kind)
            SampleText.appendQuoted(bucket.lower, to: &out)
            out.append(UInt8(ascii: ","))
            SampleText.appendQuoted(bucket.upper, to: &out)
            out.append(UInt8(ascii: ","))
            SampleText.appendQuoted(bucket.count, to: &out)
            out.append(UInt8(ascii: "]"))
        }
        if !buckets.isEmpty { out.append(UInt8(ascii: "]")) }
        out.append(UInt8(ascii: "}"))
    }

    /// The time of a scalar or a string: seconds without zeros at their end, which upstream writes of these two alone.
    private mutating func moment(_ millis: Int64) {
        SampleText.append(Double(millis) / 1000, to: &out)
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
