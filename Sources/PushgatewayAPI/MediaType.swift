/// A media type with its parameters, as `Content-Type` and `Accept` have them.
struct MediaType {
    let name: String
    let parameters: [String: String]

    init(_ text: some StringProtocol) {
        let parts = text.split(separator: ";").map { String($0).trimmed }
        name = parts.first?.lowercased() ?? ""
        var parameters: [String: String] = [:]
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1).map { String($0).trimmed }
            guard pair.count == 2 else { continue }
            let isQuoted = pair[1].utf8.count >= 2 && pair[1].hasPrefix("\"") && pair[1].hasSuffix("\"")
            parameters[pair[0].lowercased()] = isQuoted ? String(pair[1].dropFirst().dropLast()) : pair[1]
        }
        self.parameters = parameters
    }

    /// Messages of the reference libraries' model, each behind its length.
    var isDelimitedProtobuf: Bool {
        name == "application/vnd.google.protobuf" && parameters["encoding"] == "delimited" && parameters["proto"] == "io.prometheus.client.MetricFamily"
    }

    /// How much it is wanted, from 0 to 1.
    var quality: Double { parameters["q"].flatMap { Double($0) } ?? 1 }
}

extension String {
    fileprivate var trimmed: String {
        String(drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
