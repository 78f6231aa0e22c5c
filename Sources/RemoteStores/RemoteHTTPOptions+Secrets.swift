import NIOSSL

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension RemoteHTTPOptions {
    /// A file that should hold a secret and cannot be read, or holds something else.
    package struct UnreadableSecret: Error, CustomStringConvertible {
        package let description: String
    }
}

extension RemoteHTTPOptions.Secret {
    private static let bytesMax = 1 << 20

    /// As it is, or what the file holds now, without blanks around it: a small file, read as often as it is needed, so that who changes it need
    /// not reload.
    func text() throws(RemoteHTTPOptions.UnreadableSecret) -> String {
        switch self {
        case .inline(let text): return text
        case .file(let path):
            guard let file = fopen(path, "r") else { throw .init(description: "\(path) cannot be read: \(String(cString: strerror(errno)))") }
            defer { fclose(file) }
            var buffer = [UInt8](repeating: 0, count: Self.bytesMax)
            let count = fread(&buffer, 1, buffer.count, file)
            let text = String(decoding: buffer[..<count], as: UTF8.self)
            return String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
        }
    }

    /// What it is called in messages.
    fileprivate var name: String { if case .file(let path) = self { path } else { "the text in the configuration" } }
}

extension RemoteHTTPOptions.TLS {
    private static let versions: [String: TLSVersion] = ["TLS10": .tlsv1, "TLS11": .tlsv11, "TLS12": .tlsv12, "TLS13": .tlsv13]

    /// Throws what of it cannot be read.
    func clientConfiguration() throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = minimumVersion.flatMap { Self.versions[$0] } ?? .tlsv12
        configuration.maximumTLSVersion = maximumVersion.flatMap { Self.versions[$0] }
        if let authority { configuration.trustRoots = .certificates(try Self.certificates(authority)) }
        if let certificate { configuration.certificateChain = try Self.certificates(certificate).map { .certificate($0) } }
        if let key {
            do { configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(try key.text().utf8), format: .pem)) } catch let error as NIOSSLError {
                throw RemoteHTTPOptions.UnreadableSecret(description: "\(key.name) is no private key in PEM: \(error)")
            }
        }
        if skipsVerification { configuration.certificateVerification = .none }
        return configuration
    }

    private static func certificates(_ secret: RemoteHTTPOptions.Secret) throws -> [NIOSSLCertificate] {
        let text = try secret.text()
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(Array(text.utf8)), !certificates.isEmpty else {
            throw RemoteHTTPOptions.UnreadableSecret(description: "\(secret.name) holds no certificates in PEM")
        }
        return certificates
    }
}
