import Bytes

/// What was found of credentials lately, so that asking with the same ones again does not cost a bcrypt. Holds digests under a secret of this
/// process; the stored hash is among what is digested, so a changed password needs nothing to be forgotten. Past its bound the oldest finding goes.
package struct CredentialCache: Sendable {
    private let max: Int
    private let key = RandomToken.bytes(count: 32)
    private var findings: [[UInt8]: Bool] = [:]
    private var order: [[UInt8]] = []

    package init(max: Int) { self.max = max }

    /// 32 characters that nobody guesses.
    package static func secret() -> String { RandomToken.session() }

    /// Whether these parts (name, password, stored hash) were found to be right; nil when they were not tried lately.
    package subscript(_ parts: [String]) -> Bool? {
        get { findings[digest(parts)] }
        set {
            let digest = digest(parts)
            if findings.updateValue(newValue ?? false, forKey: digest) == nil { order.append(digest) }
            if order.count > max { findings[order.removeFirst()] = nil }
        }
    }

    private func digest(_ parts: [String]) -> [UInt8] {
        var hash = SHA256()
        hash.update(key)
        for part in parts {
            let bytes = Array(part.utf8)
            hash.update(withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { Array($0) })
            hash.update(bytes)
        }
        return hash.finish()
    }
}
