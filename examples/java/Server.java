// SPDX-License-Identifier: Apache-2.0

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** An enclave's server. Java has no AF_VSOCK: it listens on a Unix socket, and socat carries vsock to it. */
public final class Server {
    public static void main(String[] arguments) throws Exception {
        Path socket = Path.of("/run/server.sock");
        try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(socket));
            new ProcessBuilder("socat", "VSOCK-LISTEN:5005,fork,reuseaddr", "UNIX-CONNECT:" + socket).inheritIO().start();
            while (true) {
                try (var connection = listener.accept()) {
                    connection.write(ByteBuffer.wrap("hello from Java\n".getBytes(StandardCharsets.UTF_8)));
                }
            }
        }
    }
}
