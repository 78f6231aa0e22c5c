import Bytes
import TraceModel

extension TraceSegment {
    /// Damage that only contradictions within sections whose checksums match can show.
    private func contradiction(_ section: SegmentSection, _ reason: String) -> TraceStoreError {
        .corrupt(file: path, offset: footer.sections[section.rawValue].offset, reason: reason)
    }

    // MARK: Strings

    private var stringCount: Int { Int(word(.strings, 0) ?? 0) }

    private func stringBytes(_ number: Int) -> UnsafeBufferPointer<UInt8> {
        let section = section(.strings)
        let base = 4 * (stringCount + 2)
        guard number >= 0, number < stringCount, let from = word(.strings, number + 1), let to = word(.strings, number + 2), from <= to,
            base + Int(to) <= section.count
        else { return UnsafeBufferPointer(start: nil, count: 0) }
        return UnsafeBufferPointer(rebasing: section[base + Int(from)..<base + Int(to)])
    }

    func string(_ number: UInt32) -> String { String(decoding: stringBytes(Int(number)), as: UTF8.self) }

    /// The number of a text; nil when no index names it. O(log strings).
    private func number(of text: String) -> UInt32? {
        var text = text
        return text.withUTF8 { wanted in
            var (low, high) = (0, stringCount)
            while low < high {
                let middle = (low + high) / 2
                if stringBytes(middle).lexicographicallyPrecedes(wanted) { low = middle + 1 } else { high = middle }
            }
            return low < stringCount && ByteComparison.isEqual(stringBytes(low), wanted) ? UInt32(low) : nil
        }
    }

    // MARK: Tags

    /// What a segment knows of a key and a value.
    enum Answer {
        /// No trace.
        case none
        /// These traces, rising.
        case traces([UInt32])
        /// The page filters know.
        case filtered
    }

    /// The traces under a key whose value's text is `value`.
    func lookup(key: String, value: String) throws(TraceStoreError) -> Answer {
        guard let keyNumber = number(of: key), let row = row(of: keyNumber) else { return footer.keysAreComplete ? .none : .filtered }
        guard !row.isFiltered else { return .filtered }
        guard let valueNumber = number(of: value) else { return .none }
        var (low, high) = (row.first, row.first + row.count)
        while low < high {
            let middle = (low + high) / 2
            guard let found = word(.values, middle * 3) else { throw contradiction(.values, "it is shorter than the keys say") }
            if found < valueNumber { low = middle + 1 } else { high = middle }
        }
        // A number and a string of the same text have a list each.
        var traces: [UInt32] = []
        while low < row.first + row.count, word(.values, low * 3) == valueNumber {
            guard let offset = word(.values, low * 3 + 1), let count = word(.values, low * 3 + 2), Int(offset) <= section(.postings).count else {
                throw contradiction(.values, "a list lies beyond the postings")
            }
            do throws(ByteError) {
                let list = try PostingList.read(UnsafeBufferPointer(rebasing: section(.postings)[Int(offset)...]), count: Int(count))
                traces = traces.isEmpty ? list : Self.union(traces, list)
            } catch {
                throw contradiction(.postings, "\(error)")
            }
            low += 1
        }
        guard traces.last.map({ Int($0) < footer.traceCount }) ?? true else { throw contradiction(.postings, "a list names a trace that is not there") }
        return traces.isEmpty ? .none : .traces(traces)
    }

    private func row(of key: UInt32) -> (first: Int, count: Int, isFiltered: Bool)? {
        var (low, high) = (0, section(.keys).count / 16)
        while low < high {
            let middle = (low + high) / 2
            guard let found = word(.keys, middle * 4) else { return nil }
            if found == key, let flags = word(.keys, middle * 4 + 1), let first = word(.keys, middle * 4 + 2), let count = word(.keys, middle * 4 + 3) {
                return (Int(first), Int(count), flags & 1 == 1)
            }
            if found < key { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    /// The traces in whose pages the pair may occur.
    func filtered(_ hashes: [UInt64]) -> [UInt32] {
        var traces: [UInt32] = []
        let filters = section(.filters)
        for index in 0..<pageCount {
            let page = page(index)
            let from = page.filterOffset * 8
            guard from <= filters.count, page.filterWords * 8 <= filters.count - from else { continue }
            let filter = UnsafeBufferPointer(rebasing: filters[from..<from + page.filterWords * 8])
            if hashes.contains(where: { PairFilter.mayContain(filter, $0) }) {
                traces += (page.firstTrace..<min(page.firstTrace + page.traceCount, footer.traceCount)).map { UInt32($0) }
            }
        }
        return traces
    }

    static func union(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] {
        var (result, i, j): ([UInt32], Int, Int) = ([], 0, 0)
        result.reserveCapacity(a.count + b.count)
        while i < a.count || j < b.count {
            if j == b.count || i < a.count && a[i] < b[j] {
                result.append(a[i])
                i += 1
            } else {
                if i < a.count, a[i] == b[j] { i += 1 }
                result.append(b[j])
                j += 1
            }
        }
        return result
    }

    static func intersection(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] {
        var (result, i, j): ([UInt32], Int, Int) = ([], 0, 0)
        while i < a.count, j < b.count {
            if a[i] == b[j] {
                result.append(a[i])
                (i, j) = (i + 1, j + 1)
            } else if a[i] < b[j] {
                i += 1
            } else {
                j += 1
            }
        }
        return result
    }

    // MARK: Roll-ups

    /// Operations by service, as they were when the segment was sealed.
    func operations() throws(TraceStoreError) -> [String: Set<TraceOperation>] {
        var result: [String: Set<TraceOperation>] = [:]
        do throws(ByteError) {
            var cursor = BlobCursor(section(.operations))
            for _ in 0..<(try cursor.count()) {
                let service = string(try cursor.number())
                var members: Set<TraceOperation> = []
                for _ in 0..<(try cursor.count()) {
                    let name = string(try cursor.number())
                    members.insert(TraceOperation(name: name, kind: Span.Kind(rawValue: try cursor.cursor.readUInt8()) ?? .unspecified))
                }
                result[service] = members
            }
        } catch {
            throw contradiction(.operations, "\(error)")
        }
        return result
    }

    /// Adds the calls of traces that began in `startUnixNano`.
    func addDependencies(to counts: inout DependencyCounts, startUnixNano: ClosedRange<UInt64>) throws(TraceStoreError) {
        do throws(ByteError) {
            var cursor = BlobCursor(section(.dependencies))
            for _ in 0..<(try cursor.count()) {
                let minute = try cursor.cursor.readUvarint()
                let pair = DependencyCounts.Pair(parent: string(try cursor.number()), child: string(try cursor.number()))
                let calls = try cursor.cursor.readUvarint()
                if DependencyCounts.contains(startUnixNano, minute: minute) { counts.add(pair, minute: minute, count: calls) }
            }
        } catch {
            throw contradiction(.dependencies, "\(error)")
        }
    }
}
