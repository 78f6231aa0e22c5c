/// What stands before an attribute's value in blobs and pages.
enum ValueTag: UInt8 {
    case empty = 0
    /// A string's number.
    case string = 1
    /// 0 or 1.
    case bool = 2
    /// A zigzag varint.
    case int = 3
    /// Eight bytes, least significant first.
    case double = 4
    /// A length and bytes.
    case bytes = 5
    /// A count and that many values, each with its tag.
    case array = 6
    /// A count and that many attributes.
    case keyValues = 7
}
