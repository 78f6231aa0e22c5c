import Synchronization
import WorkflowPrimitives

/// A step that fails so often, then succeeds; remembers its inputs.
func failing(_ times: Int, returning result: String = "done", error: @escaping @Sendable (Int) -> any Error = { Trouble("failure \($0)") }) -> MockPrimitive<Int, String> {
    let executions = Recorder<Int>()
    return MockPrimitive("failing") { input, _ in
        let number = executions.note(input)
        if number <= times { throw error(number) }
        return result
    }
}

/// A step that waits until it is cancelled, and notes its input once it has cleaned up.
func patient(_ notes: Recorder<Int>, name: String = "patient") -> LambdaPrimitive<Int, String> {
    LambdaPrimitive(name: name) { input in
        do {
            try await Task.sleep(for: .seconds(3_600))
        } catch {
            // Cleaning up takes a moment in which others may run.
            for _ in 0..<10 { await Task.yield() }
            notes.note(input)
            throw error
        }
        return "late"
    }
}

/// What happened, from any task.
final class Recorder<Entry: Sendable>: Sendable {
    private let kept = Mutex<[Entry]>([])

    var entries: [Entry] { kept.withLock { $0 } }

    /// How many there are then.
    @discardableResult
    func note(_ entry: Entry) -> Int {
        kept.withLock { kept in
            kept.append(entry)
            return kept.count
        }
    }
}

/// Something that some wait for until another says so.
final class Gate: Sendable {
    private let state = Mutex((isOpen: false, waiting: [CheckedContinuation<Void, Never>]()))

    func open() {
        let waiting = state.withLock { state in
            defer { state = (true, []) }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}
