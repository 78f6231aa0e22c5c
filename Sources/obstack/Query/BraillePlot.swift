/// A grid of dots, two by four to a character, in which lines are drawn.
struct BraillePlot {
    let columns: Int
    let rows: Int
    private var dots: [UInt8]
    /// Whose line was drawn last in each character.
    private var owners: [Int?]

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        dots = [UInt8](repeating: 0, count: columns * rows)
        owners = [Int?](repeating: nil, count: columns * rows)
    }

    var width: Int { columns * 2 }
    var height: Int { rows * 4 }

    /// Sets a dot, counted from the left and from the top.
    mutating func set(_ x: Int, _ y: Int, _ owner: Int) {
        guard x >= 0, x < width, y >= 0, y < height else { return }
        let bits: [UInt8] = [0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80]
        let cell = y / 4 * columns + x / 2
        dots[cell] |= bits[x % 2 * 4 + y % 4]
        owners[cell] = owner
    }

    /// A straight line (Bresenham).
    mutating func line(from a: (x: Int, y: Int), to b: (x: Int, y: Int), _ owner: Int) {
        let (dx, dy) = (abs(b.x - a.x), -abs(b.y - a.y))
        var (x, y, error) = (a.x, a.y, dx + dy)
        while true {
            set(x, y, owner)
            if x == b.x, y == b.y { return }
            let twice = 2 * error
            if twice >= dy {
                error += dy
                x += a.x < b.x ? 1 : -1
            }
            if twice <= dx {
                error += dx
                y += a.y < b.y ? 1 : -1
            }
        }
    }

    /// The characters of a row and whose they are.
    func row(_ row: Int) -> [(character: Character, owner: Int?)] {
        (0..<columns).map { column in
            let cell = row * columns + column
            return (dots[cell] == 0 ? " " : Character(UnicodeScalar(0x2800 + UInt32(dots[cell])) ?? " "), owners[cell])
        }
    }
}
