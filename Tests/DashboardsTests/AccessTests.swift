import Bytes
import Dashboards
import Testing

struct AccessTests {
    @Test("the first user has the configured password, by login or e-mail, and no other")
    func firstUser() async throws {
        let store = try TemporaryStore { $0.adminPassword = "s3cret" }
        #expect(try await store.store.authenticate(login: "admin", password: "s3cret", address: "a").isAdmin)
        #expect(try await store.store.authenticate(login: "ADMIN@localhost", password: "s3cret", address: "a").login == "admin")
        for (login, password) in [("admin", "admin"), ("admin", ""), ("nobody", "s3cret"), ("admin", String(repeating: "x", count: 100)), ("admin", "s3cret\0")] {
            await #expect(throws: DashboardsError.invalidCredentials) { try await store.store.authenticate(login: login, password: password, address: "b-\(password.count)") }
        }
    }

    @Test("a password that bcrypt would shorten is refused when the store is opened")
    func longPassword() {
        #expect(throws: DashboardsError.self) { try TemporaryStore { $0.adminPassword = String(repeating: "x", count: 73) } }
    }

    @Test("after five failures a name waits, from that address, right password or not, until the window is over")
    func lockout() async throws {
        let store = try TemporaryStore()
        for _ in 0..<5 {
            await #expect(throws: DashboardsError.invalidCredentials) { try await store.store.authenticate(login: "admin", password: "wrong", address: "here") }
            store.advance(seconds: 10)
        }
        await #expect(throws: DashboardsError.tooManyAttempts(retryAfterSeconds: 250)) { try await store.store.authenticate(login: "Admin", password: "admin", address: "here") }
        _ = try await store.store.authenticate(login: "admin", password: "admin", address: "there")
        store.advance(seconds: 250)
        _ = try await store.store.authenticate(login: "admin", password: "admin", address: "here")
    }

    @Test("a session ends by logging out, by idleness and by age, and its token is not in the database")
    func sessions() async throws {
        let store = try TemporaryStore {
            $0.sessionIdleSecondsMax = 1_000
            $0.sessionLifetimeSecondsMax = 3_000
        }
        let user = try await store.store.authenticate(login: "admin", password: "admin", address: "")
        func open() async throws -> String { try await store.store.openSession(for: user, address: "", userAgent: "").token }
        let first = try await open()
        #expect(first.count == 32)
        #expect(try await store.store.user(ofSession: first)?.login == "admin")
        #expect(try await store.store.user(ofSession: String(first.dropLast()) + (first.hasSuffix("0") ? "1" : "0")) == nil)
        try await store.store.closeSession(first)
        #expect(try await store.store.user(ofSession: first) == nil)

        let idle = try await open()
        store.advance(seconds: 999)
        #expect(try await store.store.user(ofSession: idle) != nil)
        store.advance(seconds: 999)
        #expect(try await store.store.user(ofSession: idle) != nil, "use keeps a session alive")
        store.advance(seconds: 1_000)
        #expect(try await store.store.user(ofSession: idle) == nil)

        let old = try await open()
        for _ in 0..<3 {
            store.advance(seconds: 900)
            #expect(try await store.store.user(ofSession: old) != nil)
        }
        store.advance(seconds: 300)
        #expect(try await store.store.user(ofSession: old) == nil)
    }

    @Test("a user has only so many sessions: the one unused for longest gives way")
    func sessionBound() async throws {
        let store = try TemporaryStore { $0.sessionsPerUserMax = 3 }
        let user = try await store.store.authenticate(login: "admin", password: "admin", address: "")
        var tokens: [String] = []
        for _ in 0..<5 {
            tokens.append(try await store.store.openSession(for: user, address: "", userAgent: "").token)
            store.advance(seconds: 1)
        }
        #expect(try await store.store.sessionCount() == 3)
        var alive: [Bool] = []
        for token in tokens { alive.append(try await store.store.user(ofSession: token) != nil) }
        #expect(alive == [false, false, true, true, true])
    }

    @Test("a new password needs the old one, takes effect at once and ends every other session")
    func passwordChange() async throws {
        let store = try TemporaryStore()
        let user = try await store.store.authenticate(login: "admin", password: "admin", address: "")
        let mine = try await store.store.openSession(for: user, address: "", userAgent: "").token
        let other = try await store.store.openSession(for: user, address: "", userAgent: "").token
        await #expect(throws: DashboardsError.invalidCredentials) { try await store.store.changePassword(userID: user.id, old: "nope", new: "longer", keeping: mine) }
        await #expect(throws: DashboardsError.invalidUser(reason: "New password is too short")) { try await store.store.changePassword(userID: user.id, old: "admin", new: "abc", keeping: mine) }
        try await store.store.changePassword(userID: user.id, old: "admin", new: "longer", keeping: mine)
        await #expect(throws: DashboardsError.invalidCredentials) { try await store.store.authenticate(login: "admin", password: "admin", address: "") }
        _ = try await store.store.authenticate(login: "admin", password: "longer", address: "")
        #expect(try await store.store.user(ofSession: mine) != nil)
        #expect(try await store.store.user(ofSession: other) == nil)
    }
}
