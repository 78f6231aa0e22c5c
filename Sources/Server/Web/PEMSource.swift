import Glibc
import NIOSSL

/// A certificate or a key: in the configuration itself, or in a file that it names.
package enum PEMSource: Hashable, Sendable {
    case text(String)
    case file(String)

    var file: String? { if case .file(let path) = self { path } else { nil } }

    /// Blocks. Throws what is wrong in words that name `key`.
    func bytes(_ key: String) throws(TLSMaterialError) -> [UInt8] {
        switch self {
        case .text(let text): return Array(text.utf8)
        case .file(let path):
            guard let stream = fopen(path, "r") else { throw TLSMaterialError("\(key)_file \(path) cannot be read: \(String(cString: strerror(errno)))") }
            defer { fclose(stream) }
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            let count = fread(&buffer, 1, buffer.count, stream)
            guard ferror(stream) == 0 else { throw TLSMaterialError("\(key)_file \(path) cannot be read: \(String(cString: strerror(errno)))") }
            guard count < buffer.count else { throw TLSMaterialError("\(key)_file \(path) is larger than 1 MiB") }
            return Array(buffer[..<count])
        }
    }

    private func failure(_ key: String, _ what: String) -> TLSMaterialError { TLSMaterialError("\(file.map { "\(key)_file \($0)" } ?? key) holds no \(what) in PEM") }

    func certificates(_ key: String) throws(TLSMaterialError) -> [NIOSSLCertificate] {
        let bytes = try bytes(key)
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty else { throw failure(key, "certificate") }
        return certificates
    }

    func privateKey(_ key: String) throws(TLSMaterialError) -> NIOSSLPrivateKey {
        let bytes = try bytes(key)
        guard let privateKey = try? NIOSSLPrivateKey(bytes: bytes, format: .pem) else { throw failure(key, "private key without a password") }
        return privateKey
    }
}

/// A certificate or key that cannot be used, in words.
struct TLSMaterialError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
