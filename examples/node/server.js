// SPDX-License-Identifier: Apache-2.0
// An enclave's HTTP server. Node has no AF_VSOCK: the server listens on a Unix socket, and socat carries vsock to it.
const http = require('node:http');
const { spawn } = require('node:child_process');

const server = http.createServer((request, response) => response.end('hello from Node\n'));
server.listen('/run/server.sock', () => {
  const bridge = spawn('socat', ['VSOCK-LISTEN:5005,fork,reuseaddr', 'UNIX-CONNECT:/run/server.sock'], { stdio: 'inherit' });
  bridge.on('exit', (status) => process.exit(status ?? 1));
});
