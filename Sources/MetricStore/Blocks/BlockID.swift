import Platform

/// A block's name: a ULID (github.com/ulid/spec), 48 bits of milliseconds and 80 random bits in 26 letters of Crockford's base 32.
package struct BlockID: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    private static let letters = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// Takes a name that is a ULID; nil for any other.
    package init?(_ name: some StringProtocol) {
        let bytes = Array(name.utf8)
        // The first letter holds three bits only.
        guard bytes.count == 26, bytes[0] <= UInt8(ascii: "7"), bytes.allSatisfy({ Self.letters.contains($0) }) else { return nil }
        description = String(name)
    }

    private static let unixMillisMax: Int64 = 1 << 48 - 1

    /// When the block was made, as its name says.
    var unixMillis: Int64 {
        description.utf8.prefix(10).reduce(0) { $0 << 5 | Int64(Self.letters.firstIndex(of: $1) ?? 0) }
    }

    /// A new name for a block made now, behind those of `blocks` also where the clock went back or stands: names tell which of two blocks of
    /// samples out of order is the older.
    static func new(_ clock: any TimeSource, after blocks: [Block]) -> BlockID {
        var generator = SystemRandomNumberGenerator()
        let newest = blocks.map(\.meta.id.unixMillis).max() ?? -1
        return BlockID(unixMillis: max(clock.unixMillis, min(newest + 1, Self.unixMillisMax)), using: &generator)
    }

    /// A new name for a block that takes another's place, made at the same time as far as names tell.
    static func new(inPlaceOf id: BlockID) -> BlockID {
        var generator = SystemRandomNumberGenerator()
        return BlockID(unixMillis: id.unixMillis, using: &generator)
    }

    /// A new name for a block made now.
    static func new(_ clock: any TimeSource) -> BlockID {
        var generator = SystemRandomNumberGenerator()
        return BlockID(unixMillis: clock.unixMillis, using: &generator)
    }

    /// A new name.
    package init(unixMillis: Int64, using generator: inout some RandomNumberGenerator) {
        var text: [UInt8] = []
        let time = UInt64(clamping: unixMillis)
        for shift in stride(from: 45, through: 0, by: -5) { text.append(Self.letters[Int(time >> UInt64(shift) & 31)]) }
        for _ in 0..<16 { text.append(Self.letters[Int.random(in: 0..<32, using: &generator)]) }
        description = String(decoding: text, as: UTF8.self)
    }
}
