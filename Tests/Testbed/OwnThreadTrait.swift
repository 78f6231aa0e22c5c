import Testing

/// Has each test of a suite run on a thread of its own.
package struct OwnThreadTrait: SuiteTrait, TestTrait, TestScoping {
    let yields: Bool

    package var isRecursive: Bool { true }

    package func scopeProvider(for test: Test, testCase: Test.Case?) -> Self? { test.isSuite || testCase == nil ? nil : self }

    package func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        try await OwnThread.run(yields: yields, function)
    }
}

extension Trait where Self == OwnThreadTrait {
    /// For tests that compute long.
    package static var ownThread: Self { Self(yields: true) }
    /// For tests that wait long for other programs without giving their thread back.
    package static var ownWaitingThread: Self { Self(yields: false) }
}
