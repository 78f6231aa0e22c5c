import Foundation

/// A certificate that vouches for itself, and its key, made by openssl; nil where that is not installed.
struct SelfSignedCertificate {
    let certificate: String
    let key: String

    static let openssl = ["/usr/bin/openssl", "/usr/local/bin/openssl"].first { FileManager.default.isExecutableFile(atPath: $0) }

    /// For the names given, as openssl writes them.
    init(in folder: URL, names: String = "DNS:localhost,IP:127.0.0.1") throws {
        guard let openssl = Self.openssl else { throw RunningStack.Failure(description: "openssl is not installed") }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        certificate = folder.appendingPathComponent("certificate.pem").path
        key = folder.appendingPathComponent("key.pem").path
        let made = try run(openssl, [
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=\(names)", "-out", certificate, "-keyout", key,
        ])
        guard made.status == 0 else { throw RunningStack.Failure(description: made.error) }
    }
}
