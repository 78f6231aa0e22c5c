import Bytes
import Foundation

/// A remote write 1.0 body made by hand, so that the test does not trust the code that it checks.
func remoteWriteBody(_ series: [(labels: [(String, String)], samples: [(millis: Int64, value: Double)])]) -> Data {
    var message = ByteWriter()
    for (labels, samples) in series {
        message.appendMessage(1) { series in
            for (name, value) in labels {
                series.appendMessage(1) { label in
                    label.appendField(1, string: name)
                    label.appendField(2, string: value)
                }
            }
            for sample in samples {
                series.appendMessage(2) { body in
                    body.appendField(1, double: sample.value)
                    body.appendField(2, varint: UInt64(bitPattern: sample.millis))
                }
            }
        }
    }
    return Data(Compression.snappy.compress(message.array()))
}

let remoteWriteHeaders = ["Content-Encoding: snappy", "Content-Type: application/x-protobuf", "X-Prometheus-Remote-Write-Version: 0.1.0"]
