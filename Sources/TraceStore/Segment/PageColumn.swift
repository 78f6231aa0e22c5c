/// The columns of a page, in the order in which they stand. `docs/formats/trace-segment.md` describes each.
enum PageColumn: Int, CaseIterable {
    /// uvarint lengths of the strings.
    case stringLengths
    case stringBytes
    case scopes
    /// uvarint spans of each trace.
    case traceSpans
    /// 8 bytes each, little endian.
    case spanIDs
    /// uvarint: 0 none, 1 the next of `foreignParents`, 2 + n the trace's span n.
    case parents
    /// 8 bytes each, little endian.
    case foreignParents
    /// A trace's first span: varint after the first span of the trace before; others: uvarint after the span before.
    case starts
    /// varint nanoseconds from start to end.
    case durations
    /// uvarint string.
    case names
    /// uvarint scope.
    case spanScopes
    /// kind | status << 4.
    case kinds
    /// uvarint shape.
    case spanShapes
    /// For each shape: uvarint count, count × (uvarint key, tag byte).
    case shapes
    /// For each key and tag, as shapes first name them: uvarint length, values without tag.
    case values
    /// A mask byte for each span.
    case extraMasks
    case extras
}
