// A bare node:http server that reads each request and answers all with the same bytes: what a cache hit is read against.
// Run as a child: its one argument is JSON, `{ port, body }`.
import { createServer } from 'node:http';

const { port, body } = JSON.parse(process.argv[2] ?? '') as { port: number; body: string };
const bytes = Buffer.from(body);
const headers = ['content-type', 'application/json', 'content-length', String(bytes.length)];

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.once('end', () => response.writeHead(200, headers).end(bytes));
});
server.keepAliveTimeout = 300_000;
server.requestTimeout = 0;
server.listen(port, '127.0.0.1', 4096);
