import HTTPTypes
import Hummingbird
import NIOCore

/// Makes the answer of a unary call: headers, the message when there is one, and the status in trailers.
enum GRPCResponse {
    static func make(_ message: [UInt8]?, _ status: GRPCStatus = GRPCStatus(.ok)) -> Response {
        var trailers: HTTPFields = [.grpcStatus: String(status.code.rawValue)]
        if !status.message.isEmpty { trailers[.grpcMessage] = status.encodedMessage }
        var buffer = ByteBuffer()
        if let message {
            buffer.reserveCapacity(message.count + 5)
            buffer.writeInteger(UInt8(0))
            buffer.writeInteger(UInt32(message.count))
            buffer.writeBytes(message)
        }
        let body = ResponseBody { [buffer, trailers] writer in
            if buffer.readableBytes > 0 { try await writer.write(buffer) }
            try await writer.finish(trailers)
        }
        return Response(status: .ok, headers: [.contentType: "application/grpc", .grpcAcceptEncoding: "identity,gzip,zstd"], body: body)
    }
}
