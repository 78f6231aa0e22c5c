import Platform

extension YAMLSection {
    /// `key` in place, or `key_file`; empty texts are none, as in Go.
    mutating func pem(_ key: String) throws(ConfigurationError) -> PEMSource? {
        let text = try string(key) ?? ""
        if let path = try filePath("\(key)_file") { return .file(path) }
        return text.isEmpty ? nil : .text(text)
    }

    /// A file's path; a relative one starts at the folder of the file that says it. nil for an empty one.
    mutating func filePath(_ key: String) throws(ConfigurationError) -> String? {
        guard let path = try string(key), !path.isEmpty else { return nil }
        return path.hasPrefix("/") ? path : "\(folder)/\(path)"
    }

    /// The folder of the file.
    var folder: String { Disk.parent(file) }

    /// One of the names of an enumeration; nil for an empty one.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, _: Choice.Type) throws(ConfigurationError) -> Choice? where Choice.RawValue == String {
        guard let text = try string(key), !text.isEmpty else { return nil }
        guard let choice = Choice(rawValue: text) else { throw error(key, "\"\(text)\" is none of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))") }
        return choice
    }
}
