# SPDX-License-Identifier: Apache-2.0
"""A gRPC server on loopback that sends each message back: CERTIFICATE KEY. Prints its port, and ends with its standard input."""

import sys
from concurrent import futures
from pathlib import Path

import grpc

certificate, key = (Path(name).read_bytes() for name in sys.argv[1:])
server = grpc.server(futures.ThreadPoolExecutor(4))
server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("test.Echo", {
    "Say": grpc.unary_unary_rpc_method_handler(lambda message, _: message),
    "SayEach": grpc.stream_stream_rpc_method_handler(lambda messages, _: messages),
})])
print(server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, certificate)])), flush=True)
server.start()
sys.stdin.read()
server.stop(None)
