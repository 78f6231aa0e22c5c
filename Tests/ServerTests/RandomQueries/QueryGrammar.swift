import Testbed

/// Makes valid PromQL of the language of Prometheus 3.5, at random, over the metrics of a fleet.
///
/// One seed makes one query. Everything is drawn from what the fleet has, so that most answers are not empty.
struct QueryGrammar {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed &* 0x9E37_79B9_7F4A_7C15 &+ 1) }

    /// A query whose value is a vector or a scalar.
    mutating func query() -> String { chance(20) ? scalar(depth: 3) : vector(depth: Int.random(in: 1...4, using: &generator)) }

    // MARK: Chance

    mutating func pick<T>(_ choices: [T]) -> T { choices[Int.random(in: 0..<choices.count, using: &generator)] }
    /// True once in `n` times.
    mutating func chance(_ n: Int) -> Bool { Int.random(in: 0..<n, using: &generator) == 0 }
    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    // MARK: Selectors

    private static let counters = [
        "http_requests_total", "http_requests_total", "node_cpu_seconds_total", "http_request_duration_seconds_count", "http_request_duration_seconds_sum",
        "http_request_duration_seconds_bucket",
    ]
    private static let gauges = (0..<30).map { "process_gauge_\($0)" } + ["up", "up"]
    private static let common = ["job", "instance", "env", "region", "version"]

    private static func labels(_ metric: String) -> [String] {
        switch metric {
        case "http_requests_total": common + ["handler", "method", "code"]
        case "node_cpu_seconds_total": common + ["cpu", "mode"]
        case "http_request_duration_seconds_bucket": common + ["handler", "le"]
        case "http_request_duration_seconds_count", "http_request_duration_seconds_sum": common + ["handler"]
        default: common
        }
    }

    private mutating func matcher(_ label: String) -> String {
        let (values, patterns): ([String], [String]) = switch label {
        case "job": (["svc-0", "svc-3", "svc-11", "none"], ["svc-1.*", "svc-(1|2|3)", ".*", "svc-[0-4]", ".+5"])
        case "instance": (["10.0.3.7:9464", "10.0.11.7:9464"], ["10.0.1?[0-9].7:9464", ".*[37]:9464", "10.0.(1|5|9).*"])
        case "env": (["prod", "staging"], ["prod|staging", "p.*", ""])
        case "region": (["eu-west-1", "us-east-1", "ap-south-1"], [".*-1", "(eu|us)-.*", "[^e].*"])
        case "version": (["v1.0.0", "v1.2.3"], ["v1.[01].*", ".*[0-3]", ".*2"])
        case "handler": (["/", "/login", "/checkout"], ["/api.*", "/|/search", "/[a-l].*"])
        case "method": (["GET", "POST"], ["G.*", "GET|POST"])
        case "code": (["200", "404", "500"], ["5..", "2..|4..", "[^2].*"])
        case "le": (["0.1", "+Inf", "1"], ["0.*", "[^0].*"])
        case "cpu": (["0", "3"], ["[0-2]", "1|3"])
        case "mode": (["idle", "user"], ["i.*", "user|system"])
        default: (["x"], [".*"])
        }
        switch number(0...5) {
        case 0...2: return "\(label)=\"\(pick(values))\""
        case 3: return "\(label)!=\"\(pick(values))\""
        case 4: return "\(label)=~\"\(pick(patterns))\""
        default: return "\(label)!~\"\(pick(patterns))\""
        }
    }

    private mutating func selector(_ metric: String) -> String {
        var matchers: [String] = []
        for _ in 0..<pick([0, 0, 1, 1, 1, 2, 3]) { matchers.append(matcher(pick(Self.labels(metric)))) }
        if chance(25) { return "{\((["__name__=~\"\(metric.dropLast())[0-9a-z]\""] + matchers).joined(separator: ","))}" }
        return matchers.isEmpty ? metric : "\(metric){\(matchers.joined(separator: ","))}"
    }

    private mutating func modifiers() -> String {
        var text = ""
        if chance(8) { text += " offset \(pick(["30s", "1m", "5m", "-1m", "90s"]))" }
        if chance(14) { text += " @ \(pick(["start()", "end()", "START", "MIDDLE"]))" }
        return text
    }

    private mutating func duration() -> String { pick(["30s", "1m", "1m", "2m", "5m", "5m", "5m", "7m30s", "10m", "20m"]) }

    // MARK: Vectors

    mutating func vector(depth: Int) -> String {
        guard depth > 0 else { return selector(chance(3) ? pick(Self.counters) : pick(Self.gauges)) + modifiers() }
        switch number(0...19) {
        case 0...4: return windowed(depth: depth - 1)
        case 5...9: return aggregation(depth: depth - 1)
        case 10...12: return binary(depth: depth - 1)
        case 13...15: return call(depth: depth - 1)
        case 16: return relabelled(depth: depth - 1)
        case 17: return "histogram_quantile(\(pick(["0.5", "0.9", "0.99", "0", "1", scalar(depth: 1)])), sum by (\(pick(["le", "le, job", "le, handler", "le, instance"]))) (rate(\(selector("http_request_duration_seconds_bucket"))[\(duration())])))"
        case 18: return pick(["-", "+"]) + "(\(vector(depth: depth - 1)))"
        default: return pick(["absent(\(vector(depth: depth - 1)))", "vector(\(scalar(depth: 2)))", "(\(vector(depth: depth - 1)))", "timestamp(\(selector(pick(Self.gauges)) + modifiers()))"])
        }
    }

    private static let counterFunctions = ["rate", "rate", "rate", "increase", "irate", "resets", "changes"]
    private static let gaugeFunctions = [
        "avg_over_time", "min_over_time", "max_over_time", "sum_over_time", "count_over_time", "stddev_over_time", "stdvar_over_time", "last_over_time",
        "present_over_time", "delta", "idelta", "deriv", "changes", "resets", "absent_over_time",
    ]

    private mutating func windowed(depth: Int) -> String {
        let isCounter = chance(2)
        var range = selector(isCounter ? pick(Self.counters) : pick(Self.gauges)) + "[\(duration())]" + modifiers()
        if chance(5) { range = "(\(vector(depth: depth)))[\(pick(["2m", "5m", "10m"])):\(pick(["", "15s", "30s", "1m"]))]" + modifiers() }
        if isCounter { return "\(pick(Self.counterFunctions))(\(range))" }
        switch number(0...9) {
        case 0: return "quantile_over_time(\(pick(["0.5", "0.9", "0", "1", "0.25", scalar(depth: 1)])), \(range))"
        case 1: return "predict_linear(\(range), \(pick(["60", "600", "-30", scalar(depth: 1)])))"
        default: return "\(pick(Self.gaugeFunctions))(\(range))"
        }
    }

    private mutating func grouping() -> String {
        let labels = (0..<number(0...3)).map { _ in pick(["job", "instance", "env", "region", "version", "handler", "code", "method", "mode", "cpu", "le"]) }
        return "\(pick(["by", "by", "without"])) (\(labels.joined(separator: ", ")))"
    }

    private mutating func aggregation(depth: Int) -> String {
        let grouping = chance(3) ? "" : " " + grouping() + " "
        let operand = vector(depth: depth)
        switch number(0...13) {
        case 0: return "topk\(grouping)(\(pick(["1", "3", "5", "100"])), \(operand))"
        case 1: return "bottomk\(grouping)(\(pick(["1", "2", "10"])), \(operand))"
        case 2: return "quantile\(grouping)(\(pick(["0.5", "0.9", "0", "1", "0.33"])), \(operand))"
        case 3: return "count_values\(grouping)(\"value\", \(pick(["round(\(operand), 1000)", "\(operand) > bool 5000", "up"])))"
        default: return "\(pick(["sum", "sum", "sum", "avg", "avg", "min", "max", "count", "stddev", "stdvar", "group"]))\(grouping)(\(operand))"
        }
    }

    private static let arithmetic = ["+", "-", "*", "/", "%", "^", "atan2"]
    private static let comparisons = ["==", "!=", ">", "<", ">=", "<="]

    private mutating func binary(depth: Int) -> String {
        switch number(0...9) {
        case 0...2:
            let sign = chance(2) ? pick(Self.arithmetic) : pick(Self.comparisons) + (chance(2) ? " bool" : "")
            let (left, right) = (vector(depth: depth), scalar(depth: 2))
            return chance(3) ? "\(right) \(sign) (\(left))" : "(\(left)) \(sign) \(right)"
        case 3: return "(\(vector(depth: depth))) \(pick(["and", "or", "unless"])) \(pick(["", "on (instance) ", "on (job) ", "ignoring (version) "]))(\(vector(depth: depth)))"
        case 4:
            // Many to one: one series an instance on the right.
            let labels = pick(["", "version", "env, region"])
            return "(\(vector(depth: depth))) \(pick(["*", "/", "+", "-"])) on (instance, job) group_left (\(labels)) \(selector("up"))"
        case 5: return "\(selector("up")) \(pick(["*", "-", ">", "=="])) on (instance, job) group_right () (\(vector(depth: depth)))"
        default:
            let sign = chance(3) ? pick(Self.comparisons) + (chance(2) ? " bool" : "") : pick(Self.arithmetic)
            let matching = pick(["", "", "ignoring (version) ", "on (instance) ", "on (job, instance) "])
            if chance(2) {
                // Both sides folded alike, so that they match.
                let by = pick(["job", "instance", "env, region", "job, instance"])
                return "sum by (\(by)) (\(vector(depth: depth))) \(sign) \(pick(["avg", "sum", "count"])) by (\(by)) (\(vector(depth: depth)))"
            }
            return "(\(vector(depth: depth))) \(sign) \(matching)(\(vector(depth: depth)))"
        }
    }

    private static let elementFunctions = [
        "abs", "ceil", "floor", "round", "sqrt", "exp", "ln", "log2", "log10", "sgn", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "deg", "rad",
        "sort", "sort_desc", "day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year", "asinh", "acosh", "atanh",
    ]

    private mutating func call(depth: Int) -> String {
        let operand = vector(depth: depth)
        switch number(0...8) {
        case 0: return "clamp(\(operand), \(pick(["0", "10", "-5"])), \(pick(["100", "5000", scalar(depth: 1)])))"
        case 1: return "clamp_min(\(operand), \(scalar(depth: 1)))"
        case 2: return "clamp_max(\(operand), \(scalar(depth: 1)))"
        case 3: return "round(\(operand), \(pick(["0.1", "5", "0.25"])))"
        default: return "\(pick(Self.elementFunctions))(\(operand))"
        }
    }

    private mutating func relabelled(depth: Int) -> String {
        let operand = vector(depth: depth)
        if chance(2) { return "label_join(\(operand), \"joined\", \"\(pick(["-", "", "/"]))\", \"\(pick(Self.common))\", \"\(pick(Self.common))\")" }
        let (source, pattern) = pick([("region", "([a-z]+)-.*"), ("instance", "10\\\\.0\\\\.([0-9]+)\\\\..*"), ("job", "svc-(.*)"), ("none", "(.*)")])
        return "label_replace(\(operand), \"\(pick(["zone", "zone", "job"]))\", \"\(pick(["$1", "x-$1", "fixed"]))\", \"\(source)\", \"\(pattern)\")"
    }

    // MARK: Scalars

    private mutating func scalar(depth: Int) -> String {
        switch number(0...(depth > 0 ? 9 : 5)) {
        case 0...4: return pick(["0", "1", "2", "0.5", "100", "-3", "1e3", "0.001", "5000", "Inf", "NaN", "0x1F", "2.5"])
        case 5: return pick(["pi()", "time()"])
        case 6: return "scalar(\(pick(["sum", "max", "count"]))(\(vector(depth: depth - 1))))"
        case 7: return "scalar(\(selector(pick(Self.gauges))))"
        case 8: return "(\(scalar(depth: depth - 1)) \(pick(Self.arithmetic)) \(scalar(depth: depth - 1)))"
        default: return "(\(scalar(depth: depth - 1)) \(pick(Self.comparisons)) bool \(scalar(depth: depth - 1)))"
        }
    }
}
