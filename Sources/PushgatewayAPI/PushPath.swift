import HTTPSurface
import MetricFormats
import MetricModel
import PushGroups

/// A path under `/metrics/job`, taken apart as upstream's router and `splitLabels` do (handler/push.go).
struct PushPath {
    /// Appended to a label's name where its value is base64.
    private static let base64Suffix = "@base64"

    private let job: Substring
    private let isJobBase64: Bool
    /// The rest, from the slash behind the job on; empty where there is none.
    private let labels: Substring

    /// - Parameter path: percent-decoded. Nil where it is no path of a group.
    init?(_ path: String) {
        let plain = "/metrics/job/", encoded = "/metrics/job\(Self.base64Suffix)/"
        isJobBase64 = path.hasPrefix(encoded)
        guard isJobBase64 || path.hasPrefix(plain) else { return nil }
        let rest = path.dropFirst(isJobBase64 ? encoded.count : plain.count)
        guard !rest.isEmpty else { return nil }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        job = rest[..<slash]
        labels = rest[slash...]
    }

    /// The group that the path names. Throws 400 in upstream's words for what names none.
    func key() throws(SurfaceError) -> GroupingKey {
        let name: String
        if isJobBase64 {
            let decoded = Self.decoded(job)
            guard decoded.faultAt == nil else {
                throw SurfaceError(.badRequest, "invalid base64 encoding in job name \(LabelName.quoted(Self.shown(decoded))): \(Self.fault(decoded))")
            }
            name = try Self.text(decoded.bytes, of: LabelName.job)
        } else {
            name = String(job)
        }
        let labels = try groupLabels()
        guard !name.isEmpty else { throw SurfaceError(.badRequest, "job name is required") }
        return GroupingKey(job: name, labels: labels)
    }

    private func groupLabels() throws(SurfaceError) -> [ClientMetricFamily.Label] {
        guard labels.utf8.count > 1 else { return [] }
        let parts = labels.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count.isMultiple(of: 2) else { throw SurfaceError(.badRequest, "odd number of components in label string \(LabelName.quoted(String(labels)))") }
        var found: [ClientMetricFamily.Label] = []
        for at in stride(from: 0, to: parts.count, by: 2) {
            let isBase64 = parts[at].hasSuffix(Self.base64Suffix)
            let name = String(isBase64 ? parts[at].dropLast(Self.base64Suffix.count) : parts[at])
            guard LabelName.isLegacy(name), !name.hasPrefix("__") else { throw SurfaceError(.badRequest, "improper label name \(LabelName.quoted(name))") }
            guard isBase64 else {
                found.append(.init(name, String(parts[at + 1])))
                continue
            }
            let decoded = Self.decoded(parts[at + 1])
            guard decoded.faultAt == nil else {
                throw SurfaceError(.badRequest, "invalid base64 encoding for label \(name)=\(LabelName.quoted(String(parts[at + 1]))): \(Self.fault(decoded))")
            }
            found.append(.init(name, try Self.text(decoded.bytes, of: name)))
        }
        return found
    }

    /// Padding may be there, or more of it than there should be, as clients send `=` for an empty value.
    private static func decoded(_ text: Substring) -> URLBase64 {
        var text = text
        while text.last == "=" { text.removeLast() }
        return URLBase64(text)
    }

    private static func fault(_ decoded: URLBase64) -> String { "illegal base64 data at input byte \(decoded.faultAt ?? 0)" }
    private static func shown(_ decoded: URLBase64) -> String { String(decoding: decoded.bytes, as: UTF8.self) }

    private static func text(_ bytes: [UInt8], of name: String) throws(SurfaceError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw SurfaceError(.badRequest, "the value of label \(name) is not UTF-8") }
        return text
    }
}
