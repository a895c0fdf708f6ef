// Serves a demo server over node:http on loopback, in this process or as the child that the command line asks for.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { localhostHostValidation, localhostOriginValidation } from '@modelcontextprotocol/node';

/** A demo server without its socket: answers one HTTP exchange, and ends what it holds open. */
export interface DemoService {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): Promise<void>;
}

/** A listening demo server. */
export interface Listening {
  url: string;
  close(): Promise<void>;
}

const PATH = '/mcp';

/** Listens on 127.0.0.1:`port` (0: any free one) and answers on /mcp; rejects if the port is taken. */
export async function listen(service: DemoService, port: number): Promise<Listening> {
  // The SDKs leave the check against DNS rebinding to whoever mounts them (2025-11-25 basic/transports).
  const hostIsLocal = localhostHostValidation();
  const originIsLocal = localhostOriginValidation();
  const server = createServer((request, response) => {
    if (!hostIsLocal(request, response) || !originIsLocal(request, response)) return;
    if (new URL(request.url ?? '/', 'http://localhost').pathname !== PATH) {
      response.writeHead(404).end();
      return;
    }
    service.handle(request, response).catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      response.destroy();
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}${PATH}`,
    async close() {
      server.close();
      await service.close();
      server.closeAllConnections();
    },
  };
}

/**
 * Runs a demo server as a process: `--port N --name REPLICA`, one ready line on stdout, exit 0 on SIGTERM or SIGINT,
 * and exit as soon as a parent with an IPC channel is gone, however that parent ended.
 */
export async function serveAsProcess(build: (name: string) => DemoService): Promise<void> {
  const { values } = parseArgs({ options: { port: { type: 'string' }, name: { type: 'string' } } });
  const port = Number(values.port ?? 0);
  const name = values.name ?? `demo-${process.pid}`;
  let listening: Listening;
  try {
    listening = await listen(build(name), port);
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    process.stderr.write(taken ? `port ${port} on 127.0.0.1 is already in use\n` : `${String(error)}\n`);
    process.exit(1);
  }
  const stop = () => void listening.close().finally(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.once('disconnect', stop);
  process.stdout.write(`${name} ready on ${listening.url}\n`);
}
