#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The file system of the machine.
package struct Disk: FileSystem {
    package init() {}

    package func open(_ path: String, _ mode: FileMode) throws(PlatformError) -> any OpenFile {
        try DiskFile(path, mode)
    }

    package func map(_ path: String) throws(PlatformError) -> MemoryMap {
        let file = try DiskFile(path, .read)
        defer { file.close() }
        return try MemoryMap(file)
    }

    package func status(_ path: String) throws(PlatformError) -> FileStatus? {
        var info = stat()
        guard stat(path, &info) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .io(path: path, operation: "inspect", code: errno)
        }
        return FileStatus(isDirectory: info.st_mode & S_IFMT == S_IFDIR, size: Int(info.st_size))
    }

    package func list(_ directory: String) throws(PlatformError) -> [String] {
        guard let stream = opendir(directory) else { throw .io(path: directory, operation: "list", code: errno) }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw .io(path: directory, operation: "list", code: errno) }
                break
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    package func makeDirectory(_ path: String) throws(PlatformError) {
        if mkdir(path, 0o777) == 0 { return }
        switch errno {
        case EEXIST:
            guard try status(path)?.isDirectory == true else { throw .io(path: path, operation: "make directory", code: ENOTDIR) }
        case ENOENT where Self.parent(path) != path:
            try makeDirectory(Self.parent(path))
            guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw .io(path: path, operation: "make directory", code: errno) }
        case let code: throw .io(path: path, operation: "make directory", code: code)
        }
    }

    package func rename(_ path: String, to target: String) throws(PlatformError) {
        #if canImport(Darwin)
        let status = Darwin.rename(path, target)
        #else
        let status = Glibc.rename(path, target)
        #endif
        guard status == 0 else { throw .io(path: path, operation: "rename to \(target)", code: errno) }
    }

    package func link(_ path: String, as name: String) throws(PlatformError) {
        #if canImport(Darwin)
        let status = Darwin.link(path, name)
        #else
        let status = Glibc.link(path, name)
        #endif
        guard status == 0 else { throw .io(path: path, operation: "link as \(name)", code: errno) }
    }

    package func removeFile(_ path: String) throws(PlatformError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw .io(path: path, operation: "remove", code: errno) }
    }

    package func removeTree(_ path: String) throws(PlatformError) {
        var info = stat()
        guard lstat(path, &info) == 0 else {
            if errno == ENOENT { return }
            throw .io(path: path, operation: "inspect", code: errno)
        }
        guard info.st_mode & S_IFMT == S_IFDIR else { return try removeFile(path) }
        for name in try list(path) { try removeTree("\(path)/\(name)") }
        guard rmdir(path) == 0 || errno == ENOENT else { throw .io(path: path, operation: "remove", code: errno) }
    }

    package func syncDirectory(_ path: String) throws(PlatformError) {
        let descriptor = openDescriptor(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .io(path: path, operation: "open", code: errno) }
        defer { _ = closeDescriptor(descriptor) }
        guard fsync(descriptor) == 0 else { throw .io(path: path, operation: "sync", code: errno) }
    }

    package func lock(_ directory: String) throws(PlatformError) -> DirectoryLock {
        try DirectoryLock(directory)
    }
}

/// `open(2)`, whose name the types here want for themselves.
func openDescriptor(_ path: String, _ flags: Int32, _ permissions: mode_t = 0o666) -> Int32 { open(path, flags, permissions) }

/// `close(2)`, likewise.
func closeDescriptor(_ descriptor: Int32) -> Int32 { close(descriptor) }
