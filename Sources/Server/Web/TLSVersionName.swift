import NIOSSL

/// TLS versions by the names that the originals' files have for them.
package enum TLSVersionName: String, Hashable, Sendable, CaseIterable, Comparable {
    case tls10 = "TLS10", tls11 = "TLS11", tls12 = "TLS12", tls13 = "TLS13"

    var version: TLSVersion {
        switch self {
        case .tls10: .tlsv1
        case .tls11: .tlsv11
        case .tls12: .tlsv12
        case .tls13: .tlsv13
        }
    }

    package static func < (a: TLSVersionName, b: TLSVersionName) -> Bool { a.rawValue < b.rawValue }
}
