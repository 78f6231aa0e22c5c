import Bytes
import CWebAssets
import Synchronization

/// One embedded file of the pages.
package struct WebAsset: Sendable {
    package let path: String
    package let contentType: String
    /// The file as it was embedded; static memory.
    package let bytes: [UInt8]
    /// A strong validator: the content's checksum and length.
    package let entityTag: String
    /// The file as gzip, made once at start: every browser takes it and it is a third of the size.
    package let gzipped: [UInt8]

    fileprivate init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
        contentType = Self.contentType(of: path)
        entityTag = "\"\(String(CRC32C.checksum(bytes), radix: 16))-\(String(bytes.count, radix: 16))\""
        gzipped = Compression.gzip.compress(bytes, level: 6)
    }

    private static func contentType(of path: String) -> String {
        switch path.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "svg": "image/svg+xml"
        case "json": "application/json"
        case "woff2": "font/woff2"
        case "png": "image/png"
        default: "application/octet-stream"
        }
    }

    /// Every embedded file by its path under `pages/`. Compressed on first use.
    package static let all: [String: WebAsset] = {
        var all: [String: WebAsset] = [:]
        for asset in UnsafeBufferPointer(start: obstack_assets(), count: obstack_asset_count()) {
            let path = String(cString: asset.path)
            all[path] = WebAsset(path: path, bytes: [UInt8](UnsafeBufferPointer(start: asset.bytes, count: asset.length)))
        }
        return all
    }()
}
