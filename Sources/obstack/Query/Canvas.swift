import Glibc
import Server

/// Where a drawing goes: how wide it may be, and whether it may have colours.
struct Canvas {
    let columns: Int
    let rows = 16
    let hasColors: Bool

    /// - Parameter columns: nil for as many as the terminal has, or `COLUMNS` says, or 80.
    init(columns: Int?) {
        var size = winsize()
        let isMeasured = ioctl(StandardStream.output.rawValue, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let known = isMeasured ? Int(size.ws_col) : processEnvironment()["COLUMNS"].flatMap { Int($0) } ?? 80
        self.columns = columns ?? min(max(known, 20), 1_000)
        hasColors = StandardStream.output.isTerminal && processEnvironment()["NO_COLOR"] == nil
    }

    /// The escape that begins the colour of series `index`; six in turn.
    func colored(_ text: String, _ index: Int?) -> String {
        guard hasColors, let index else { return text }
        return "\u{1B}[\([34, 32, 33, 35, 36, 31][index % 6])m\(text)\u{1B}[0m"
    }

    func cut(_ text: String, to width: Int) -> String { text.count <= width ? text : String(text.prefix(max(width - 1, 0))) + "…" }
}
