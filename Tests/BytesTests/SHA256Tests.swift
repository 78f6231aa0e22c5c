import Bytes
import Testing

/// Vectors of FIPS 180-4 and RFC 6234.
@Test("SHA-256 gives the published digests, in one piece and byte by byte", arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
    (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    (String(repeating: "01234567", count: 80), "594847328451bdfa85056225462cc1d867d877fb388df0ce35f25ab5562bfbb5"),
])
func digests(text: String, expected: String) {
    func hexadecimal(_ bytes: [UInt8]) -> String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
    let bytes = Array(text.utf8)
    #expect(hexadecimal(SHA256.digest(bytes)) == expected)
    var hash = SHA256()
    for start in stride(from: 0, to: bytes.count, by: 7) { hash.update(Array(bytes[start..<min(start + 7, bytes.count)])) }
    #expect(hexadecimal(hash.finish()) == expected)
}
