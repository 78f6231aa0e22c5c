import PromQL

/// Answers as drawings.
extension QueryAnswer {
    /// How many series the legend names.
    private static let legendMax = 20

    /// A line a series over time, with its scale on the left and a legend below.
    func lines(_ canvas: Canvas, from: Double, to: Double) -> String {
        let values = series.flatMap { $0.points.compactMap(\.value).filter(\.isFinite) }
        guard var low = values.min(), var high = values.max() else { return "nothing to draw\n" }
        if low == high {
            let room = low == 0 ? 1 : abs(low) / 10
            (low, high) = (low - room, high + room)
        }
        let labels = (0..<canvas.rows).map { row in
            row % 5 == 0 ? GoFormat.general(high - (high - low) * Double(row) / Double(canvas.rows - 1), significantDigits: 4) : ""
        }
        let margin = labels.map(\.count).max() ?? 0
        var plot = BraillePlot(columns: max(canvas.columns - margin - 2, 4), rows: canvas.rows)
        let gap = 1.5 * step
        for (owner, series) in series.enumerated() {
            var last: (x: Int, y: Int, seconds: Double)?
            for point in series.points {
                guard let value = point.value, value.isFinite else {
                    last = nil
                    continue
                }
                let x = to > from ? Int(((point.seconds - from) / (to - from) * Double(plot.width - 1)).rounded()) : 0
                let y = Int(((high - value) / (high - low) * Double(plot.height - 1)).rounded())
                if let last, point.seconds - last.seconds <= gap { plot.line(from: (last.x, last.y), to: (x, y), owner) } else { plot.set(x, y, owner) }
                last = (x, y, point.seconds)
            }
        }
        var text = ""
        for row in 0..<canvas.rows {
            let drawn = plot.row(row).map { canvas.colored(String($0.character), $0.owner) }.joined()
            text += String(repeating: " ", count: margin - labels[row].count) + labels[row] + (labels[row].isEmpty ? " │" : " ┤") + drawn + "\n"
        }
        text += String(repeating: " ", count: margin) + " └" + String(repeating: "─", count: plot.columns) + "\n"
        text += String(repeating: " ", count: margin + 2) + Self.ends(Self.time(from), Self.time(to), columns: plot.columns) + "\n"
        return text + legend(canvas)
    }

    /// Two times at the ends of a line: whole, or of the day alone where there is less room.
    private static func ends(_ first: String, _ last: String, columns: Int) -> String {
        func clock(_ time: String) -> String { String(time.dropFirst(11).prefix(8)) }
        let (left, right) = first.count + last.count < columns ? (first, last) : (clock(first), clock(last))
        guard left.count + right.count < columns else { return String(left.prefix(columns)) }
        return left + String(repeating: " ", count: columns - left.count - right.count) + right
    }

    /// The distance between points: the smallest there is.
    private var step: Double { series.lazy.flatMap { zip($0.points, $0.points.dropFirst()).map { $1.seconds - $0.seconds } }.min() ?? 0 }

    private func legend(_ canvas: Canvas) -> String {
        var text = series.prefix(Self.legendMax).enumerated().map { index, series in
            let last = series.points.last?.text ?? ""
            return canvas.colored("━━", index) + " " + canvas.cut("\(series.title)  \(last)", to: canvas.columns - 3) + "\n"
        }.joined()
        if series.count > Self.legendMax { text += "   and \(series.count - Self.legendMax) more\n" }
        return text
    }

    /// A bar a series, from zero.
    func bars(_ canvas: Canvas) -> String {
        let drawn = series.enumerated().compactMap { index, series in
            series.points.last.flatMap { point in point.value.map { (index: index, title: series.title, text: point.text, value: $0) } }
        }
        guard !drawn.isEmpty else { return "nothing to draw\n" }
        let largest = drawn.map { $0.value.isFinite ? abs($0.value) : 0 }.max() ?? 0
        let valueWidth = drawn.map(\.text.count).max() ?? 0
        let titleWidth = min(drawn.map(\.title.count).max() ?? 0, canvas.columns / 2)
        let barWidth = max(canvas.columns - titleWidth - valueWidth - 2, 4)
        let eighths: [Character] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        return drawn.map { row in
            let title = canvas.cut(row.title, to: titleWidth)
            let units = largest > 0 && row.value.isFinite ? Int((abs(row.value) / largest * Double(barWidth * 8)).rounded()) : 0
            let bar = String(repeating: "█", count: units / 8) + (units % 8 > 0 ? String(eighths[units % 8 - 1]) : "")
            let pads = (title: titleWidth - title.count, value: valueWidth - row.text.count)
            return title + String(repeating: " ", count: pads.title + pads.value + 1) + row.text + " " + canvas.colored(bar, row.index) + "\n"
        }.joined()
    }
}
