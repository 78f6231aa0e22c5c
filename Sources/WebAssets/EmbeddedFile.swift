import CWebAssets

/// One file as it stands under `pages/` in the sources: a script, a stylesheet, a shell, an icon, a dashboard.
package struct EmbeddedFile: Sendable {
    /// Relative to `pages/`, for example `system/tokens.css`.
    package let path: String
    /// Static memory of the binary.
    private let start: UInt
    private let length: Int

    /// A copy of the content.
    package var bytes: [UInt8] {
        // SAFETY: `start` and `length` are those of a constant array in `CWebAssets`, which lives as long as the process and is never written.
        [UInt8](UnsafeBufferPointer(start: UnsafePointer(bitPattern: start), count: length))
    }

    /// Every embedded file, by path. Only the table is read, so this costs nothing worth counting at start.
    package static let all: [String: EmbeddedFile] = {
        var all: [String: EmbeddedFile] = [:]
        for asset in UnsafeBufferPointer(start: obstack_assets(), count: obstack_asset_count()) {
            let path = String(cString: asset.path)
            all[path] = EmbeddedFile(path: path, start: UInt(bitPattern: asset.bytes), length: asset.length)
        }
        return all
    }()

    /// The files under `folder/`, by path.
    package static func all(in folder: String) -> [EmbeddedFile] {
        all.values.filter { $0.path.hasPrefix(folder + "/") }.sorted { $0.path < $1.path }
    }
}
