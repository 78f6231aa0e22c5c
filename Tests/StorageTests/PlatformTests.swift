import Platform
import Synchronization
import Testbed
import Testing

@Suite struct PlatformTests {
    @Test("a directory can be taken once; the refusal names the holder; releasing gives it back")
    func directoryLock() throws {
        let folder = try TemporaryFolder()
        let lock = try Disk().lock(folder.path)
        do throws(PlatformError) {
            _ = try Disk().lock(folder.path)
            Issue.record("the directory was taken twice")
        } catch {
            #expect("\(error)".hasPrefix("\(folder.path) is in use by process "))
        }
        lock.release()
        #expect(try Disk().list(folder.path).isEmpty)
        try Disk().lock(folder.path).release()
    }

    @Test("publishing replaces a file whole and leaves no draft")
    func publish() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state"
        try Disk().publish(path, [1, 2, 3])
        try Disk().publish(path, [4])
        #expect(try Disk().contents(path) == [4])
        #expect(try Disk().list(folder.path) == ["state"])
        #expect(try Disk().contents(folder.path + "/absent") == nil)
    }

    @Test("a power cut at any moment of publishing leaves the old content or the new one", arguments: 0..<50)
    func publishSurvives(seed: Int) throws {
        var generator = SeededGenerator(UInt64(seed))
        let disk = SimulatedDisk()
        try disk.makeDirectory("/d")
        try disk.publish("/d/f", [1, 1, 1])
        let file = try disk.open("/d/f.tmp", .create)
        try file.append([2, 2, 2, 2])
        if Bool.random(using: &generator) {
            try file.sync()
            try disk.rename("/d/f.tmp", to: "/d/f")
        }
        let left = try disk.losingPower(using: &generator).contents("/d/f")
        #expect(left == [1, 1, 1] || left == [2, 2, 2, 2])
    }

    @Test("a map shows the file; an empty file maps to nothing; the bytes outlive the name")
    func memoryMap() throws {
        let folder = try TemporaryFolder()
        try Disk().publish(folder.path + "/f", Array(0..<200))
        let map = try Disk().map(folder.path + "/f")
        try Disk().removeFile(folder.path + "/f")
        #expect(Array(map.bytes) == Array(0..<200))
        try Disk().publish(folder.path + "/e", [])
        let empty = try Disk().map(folder.path + "/e")
        #expect(empty.bytes.isEmpty)
    }

    @Test("removing and making trees; errors name the path and what was tried")
    func trees() throws {
        let folder = try TemporaryFolder()
        try Disk().makeDirectory(folder.path + "/a/b/c")
        try Disk().publish(folder.path + "/a/b/f", [1, 2])
        #expect(try Disk().treeSize(folder.path) == 2)
        try Disk().removeTree(folder.path + "/a")
        #expect(try Disk().list(folder.path).isEmpty)
        do throws(PlatformError) {
            _ = try Disk().open(folder.path + "/x/y", .create)
            Issue.record("a file was made in no directory")
        } catch {
            #expect("\(error)" == "cannot create \(folder.path)/x/y: No such file or directory")
        }
    }

    @Test("work runs off the pool in turn, its value and its error come back, and closing finishes what waits")
    func blockingPool() async throws {
        let pool = try BlockingPool(threads: 2)
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for n in 0..<200 { group.addTask { await pool.run { n } } }
            return try await group.reduce(0, +)
        }
        #expect(sum == 199 * 100)
        await #expect(throws: PlatformError.self) {
            try await pool.run { () throws(PlatformError) -> Int in throw .io(path: "p", operation: "o", code: 1) }
        }
        pool.close()
    }

    @Test("the manual clock wakes sleepers when their time comes, and cancelled ones at once")
    func manualClock() async throws {
        let clock = ManualClock(unixMillis: 1_000)
        let woken = Woken()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seconds in [3, 1, 2] {
                group.addTask {
                    try await clock.sleep(nanos: UInt64(seconds) * 1_000_000_000)
                    woken.add(seconds)
                }
            }
            while clock.sleeperCount < 3 { await Task.yield() }
            clock.advance(millis: 1_000)
            while clock.sleeperCount > 2 || woken.seconds.isEmpty { await Task.yield() }
            #expect(woken.seconds == [1])
            clock.advance(millis: 5_000)
            try await group.waitForAll()
        }
        #expect(clock.unixMillis == 7_000)
        let sleeper = Task { try await clock.sleep(nanos: 1) }
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
    }
}

/// Which sleepers woke, in order.
private final class Woken: Sendable {
    private let list = Mutex<[Int]>([])
    var seconds: [Int] { list.withLock { $0 } }
    func add(_ value: Int) { list.withLock { $0.append(value) } }
}
