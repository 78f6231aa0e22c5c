extension String {
    /// Whether both are the same bytes, where `==` asks whether both are the same to a reader.
    func hasBytes(of other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
