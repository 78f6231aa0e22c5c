#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What a command says to whoever runs it.
enum Terminal {
    /// A line on standard output, at the reader's at once also where that is a pipe.
    static func say(_ line: String) {
        print(line)
        fflush(nil)
    }

    /// A line on standard error.
    static func complain(_ line: String) {
        var line = line + "\n"
        line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
