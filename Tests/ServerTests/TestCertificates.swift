import Foundation

/// Certificates that live as long as a test: an authority, a server of `localhost`, 127.0.0.1 and `node.example`, one of the two names alone, a client, and one that a
/// stranger signed. Made with the `openssl` program.
struct TestCertificates {
    static let isAvailable = FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")

    let folder: URL

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    /// Makes `ca.crt`, `server.crt`, `server.key`, `named.crt`, `named.key`, `client.crt`, `client.key`, `other-ca.crt`, `stranger.crt` and `stranger.key` in a folder.
    init(_ folder: URL) throws {
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["ca", "other-ca"] { try openssl(["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=\(name)", "-out", path("\(name).crt")] + newKey(name)) }
        try sign("server", by: "ca", names: "DNS:localhost,DNS:node.example,IP:127.0.0.1")
        try sign("named", by: "ca", names: "DNS:localhost,DNS:node.example")
        try sign("client", by: "ca", names: "DNS:client.example")
        try sign("stranger", by: "other-ca", names: "DNS:localhost,IP:127.0.0.1")
    }

    private func newKey(_ name: String) -> [String] { ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", path("\(name).key")] }

    /// A certificate with a key of its own, over whatever was there under that name.
    func sign(_ name: String, by authority: String, names: String) throws {
        try openssl(["req", "-new", "-nodes", "-subj", "/CN=\(name)", "-out", path("\(name).csr")] + newKey(name))
        try "subjectAltName=\(names)\n".write(toFile: path("\(name).ext"), atomically: true, encoding: .utf8)
        try openssl(
            ["x509", "-req", "-days", "2", "-in", path("\(name).csr"), "-CA", path("\(authority).crt"), "-CAkey", path("\(authority).key"), "-CAcreateserial"]
                + ["-extfile", path("\(name).ext"), "-out", path("\(name).crt")])
    }

    private func openssl(_ arguments: [String]) throws {
        let outcome = try run("/usr/bin/openssl", arguments)
        guard outcome.status == 0 else { throw RunningStack.Failure(description: "openssl \(arguments.joined(separator: " ")): \(outcome.error)") }
    }
}

/// What curl saw: the answer where there was one, and curl's own exit status, which is not 0 where TLS failed.
struct CurlOutcome {
    var exit: Int32
    var status: Int
    var version: String
    var headers: [String: String]
    var body: String

    /// Asks without verifying the server's certificate.
    static func ask(_ url: String, _ arguments: [String] = []) throws -> CurlOutcome {
        let outcome = try run("/usr/bin/curl", ["-sS", "-k", "-i", "--max-time", "20", "-w", "\n%{http_code} %{http_version}"] + arguments + [url])
        let parts = outcome.output.components(separatedBy: "\n")
        let last = parts.last?.split(separator: " ").map(String.init) ?? []
        let text = parts.dropLast().joined(separator: "\n").replacingOccurrences(of: "\r\n", with: "\n")
        let split = text.range(of: "\n\n")
        let head = split.map { String(text[..<$0.lowerBound]) } ?? text
        var headers: [String: String] = [:]
        for line in head.split(separator: "\n").dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return CurlOutcome(
            exit: outcome.status, status: Int(last.first ?? "") ?? 0, version: last.count > 1 ? last[1] : "", headers: headers, body: split.map { String(text[$0.upperBound...]) } ?? "")
    }
}
