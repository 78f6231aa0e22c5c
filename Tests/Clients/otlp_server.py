#!/usr/bin/env python3
"""A gRPC server of OTLP traces, the real grpcio, over TLS: says on stdout what it gets, one JSON object a line.

    otlp_server.py --certificate cert.pem --key key.pem [--refusals N]

The first line is {"port": N}. The first N calls are answered UNAVAILABLE. Runs until it is killed.

stdout: {"spans": ["name", ...], "metadata": {"x-tenant": "lab", ...}}
"""

import argparse
import json
from concurrent import futures

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc


class Traces(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self, refusals):
        self.refusals = refusals

    def Export(self, request, context):
        if self.refusals > 0:
            self.refusals -= 1
            context.abort(grpc.StatusCode.UNAVAILABLE, "not now: 100 % busy")
        spans = [span.name for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans]
        metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        print(json.dumps({"spans": spans, "metadata": metadata}), flush=True)
        return trace_service_pb2.ExportTraceServiceResponse()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--refusals", type=int, default=0)
    arguments = parser.parse_args()
    with open(arguments.certificate, "rb") as certificate, open(arguments.key, "rb") as key:
        credentials = grpc.ssl_server_credentials([(key.read(), certificate.read())])
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(Traces(arguments.refusals), server)
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    print(json.dumps({"port": port}), flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
