import Bytes

/// One file as it goes to a browser.
package struct WebAsset: Sendable {
    package let contentType: String
    package let bytes: [UInt8]
    /// A strong validator: the content's checksum and length.
    package let entityTag: String
    /// The content as gzip: every browser takes it and it is a third of the size.
    package let gzipped: [UInt8]
    /// Addresses of the modules that a shell's script will import, so that the browser can ask for all at once.
    package let modules: [String]

    init(path: String, bytes: [UInt8], modules: [String] = []) {
        self.bytes = bytes
        self.modules = modules
        contentType = Self.contentType(of: path)
        entityTag = "\"\(String(CRC32C.checksum(bytes), radix: 16))-\(String(bytes.count, radix: 16))\""
        gzipped = Compression.gzip.compress(bytes, level: 9)
    }

    private static func contentType(of path: String) -> String {
        switch path.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "svg": "image/svg+xml"
        default: "application/octet-stream"
        }
    }
}
