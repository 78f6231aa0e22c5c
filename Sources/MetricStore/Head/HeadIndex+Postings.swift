import MetricModel

extension HeadIndex: PostingsSource {
    struct List {
        let label: LabelIndex
        let value: Int
    }

    var seriesEnd: UInt32 { nextOrdinal }
    func allSeries() -> [SeriesOrdinal] { all }
    func hasLabel(_ name: String) -> Bool { label(name) != nil }

    func lists(matching matcher: Matcher) -> [List] {
        guard let label = label(matcher.name) else { return [] }
        var lists: [List] = []
        label.forEachValue(matching: matcher) { lists.append(List(label: label, value: $0)) }
        return lists
    }

    func count(_ list: List) -> Int { list.label.postings[list.value].count }
    func forEach(_ list: List, _ body: (SeriesOrdinal) -> Void) { list.label.postings[list.value].forEach(body) }
}
