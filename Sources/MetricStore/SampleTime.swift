/// Which times, in milliseconds since the epoch, samples can have: 73 million years either way.
///
/// So far from the ends of 64 bits that no sum of a few of them, and no difference, leaves those.
enum SampleTime {
    static let range: ClosedRange<Int64> = -(1 << 61)...(1 << 61)
    /// Where blocks may begin and end, which is at multiples of some length.
    static let blockRange: ClosedRange<Int64> = (range.lowerBound - 1 << 52)...(range.upperBound + 1 << 52)
}
