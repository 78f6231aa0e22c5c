#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// How many processors this process may use, at least one.
let processorCount = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
