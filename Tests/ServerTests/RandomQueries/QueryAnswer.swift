import Bytes
import Foundation

/// An answer of the query API, as far as it can be compared with another server's.
struct QueryAnswer {
    enum Content {
        case failure(status: Int, message: String)
        /// By the labels of the series, or by nothing: the points, with the values' texts.
        case points(type: String, [String: [(time: String, value: String)]])
    }

    let content: Content

    init(status: Int, body: [UInt8]) throws {
        let json = try JSONParser.parse(body)
        guard status == 200, let data = json["data"], let type = data["resultType"]?.string, let result = data["result"] else {
            content = .failure(status: status, message: json["error"]?.string ?? String(decoding: body, as: UTF8.self))
            return
        }
        var points: [String: [(time: String, value: String)]] = [:]
        if type == "scalar" || type == "string" {
            points[""] = [Self.point(result)]
        } else {
            for series in result.array ?? [] {
                let labels = (series["metric"]?.object ?? []).map { "\($0.key)=\($0.value.string ?? "")" }.sorted().joined(separator: ",")
                points[labels] = series["value"].map { [Self.point($0)] } ?? (series["values"]?.array ?? []).map(Self.point)
            }
        }
        content = .points(type: type, points)
    }

    private static func point(_ pair: JSONValue) -> (time: String, value: String) {
        guard let pair = pair.array, pair.count == 2, case .number(let time) = pair[0] else { return ("", "") }
        return (time, pair[1].string ?? "")
    }

    /// What is different in another answer, in words; nil when nothing is. Values may differ by 1e-9 of the larger one.
    func difference(from other: QueryAnswer) -> String? {
        switch (content, other.content) {
        case (.failure(let status, _), .failure(let otherStatus, _)) where status == otherStatus: return nil
        case (.failure(let status, let message), .failure(let otherStatus, let other)): return "status \(status), \(message), and \(otherStatus), \(other)"
        case (.failure(_, let message), .points): return "only the first fails: \(message)"
        case (.points, .failure(_, let message)): return "only the second fails: \(message)"
        case (.points(let type, _), .points(let otherType, _)) where type != otherType: return "\(type) and \(otherType)"
        case (.points(_, let points), .points(_, let others)):
            let only = Set(points.keys).symmetricDifference(others.keys)
            if let first = only.sorted().first { return "\(points.count) and \(others.count) series; only in the \(points[first] == nil ? "second" : "first"): {\(first)}" }
            for (labels, list) in points {
                let theirs = others[labels] ?? []
                guard list.map(\.time) == theirs.map(\.time) else {
                    let at = Set(list.map(\.time)).symmetricDifference(theirs.map(\.time)).sorted().first ?? ""
                    return "{\(labels)}: \(list.count) and \(theirs.count) points; only one has \(at)"
                }
                for (mine, other) in zip(list, theirs) where !Self.isSame(mine.value, other.value) { return "{\(labels)} at \(mine.time): \(mine.value) and \(other.value)" }
            }
            return nil
        }
    }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        if left == right { return true }
        guard let a = Double(left.replacingOccurrences(of: "Inf", with: "inf")), let b = Double(right.replacingOccurrences(of: "Inf", with: "inf")) else { return false }
        return a == b || (a.isNaN && b.isNaN) || abs(a - b) <= 1e-9 * max(abs(a), abs(b))
    }
}
