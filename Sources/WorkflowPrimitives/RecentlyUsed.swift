/// Values by key, of which those used last are kept. Every operation on one key takes the same time however many there are.
struct RecentlyUsed<Key: Hashable, Value> {
    /// A place in a ring of places, the one used last behind the first place, which holds nothing.
    private struct Place {
        var key: Key?
        var value: Value?
        var before: Int
        var after: Int
    }

    private let countMax: Int
    private var places = [Place(key: nil, value: nil, before: 0, after: 0)]
    private var free: [Int] = []
    private var index: [Key: Int] = [:]

    init(countMax: Int) { self.countMax = countMax }

    var count: Int { index.count }

    /// The value of a key, which is then the one used last.
    mutating func use(_ key: Key) -> Value? {
        guard let place = index[key] else { return nil }
        unlink(place)
        link(place)
        return places[place].value
    }

    /// Keeps a value as the one used last; where that is one too many, the one not used for longest goes.
    mutating func insert(_ value: Value, for key: Key) {
        if index[key] != nil { remove(key) }
        if index.count == countMax, let oldest = places[places[0].before].key { remove(oldest) }
        let made = Place(key: key, value: value, before: 0, after: 0)
        let place = free.popLast() ?? places.count
        if place == places.count { places.append(made) } else { places[place] = made }
        index[key] = place
        link(place)
    }

    mutating func remove(_ key: Key) {
        guard let place = index.removeValue(forKey: key) else { return }
        unlink(place)
        places[place] = Place(key: nil, value: nil, before: 0, after: 0)
        free.append(place)
    }

    /// Removes the values of which `condition` holds; how many they were.
    mutating func remove(where condition: (Value) -> Bool) -> Int {
        let keys = index.filter { places[$0.value].value.map(condition) ?? false }.keys
        for key in keys { remove(key) }
        return keys.count
    }

    mutating func removeAll() { self = Self(countMax: countMax) }

    private mutating func link(_ place: Int) {
        let first = places[0].after
        (places[place].before, places[place].after) = (0, first)
        places[first].before = place
        places[0].after = place
    }

    private mutating func unlink(_ place: Int) {
        let (before, after) = (places[place].before, places[place].after)
        places[before].after = after
        places[after].before = before
    }
}
