// An upstream that answers with whatever bytes a test writes, and keeps what it received.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Received } from './faults/received.ts';
import { readBody, recordOf } from './faults/received.ts';

/** How a test answers one request. */
export type Script = (
  request: Received,
  response: ServerResponse,
  incoming: IncomingMessage,
) => void | Promise<void>;

/** A server of the test's own. */
export interface ScriptedUpstream {
  readonly url: string;
  /** Requests of clients that arrived whole, in order; what the gateway asks of its own accord is left out. */
  readonly received: Received[];
  /** Connections open now. */
  connections(): number;
  close(): Promise<void>;
}

/** The agent name by which servers know the gateway's own requests. */
const OWN = '"name":"mcp-gateway"';

/** Starts it on a free port of 127.0.0.1; what the gateway asks of its own accord is answered soundly. */
export async function startScripted(script: Script): Promise<ScriptedUpstream> {
  const received: Received[] = [];
  let connections = 0;
  const server = createServer((incoming, response) => {
    response.on('error', () => undefined);
    readBody(incoming)
      .then((body): unknown => {
        const request = recordOf(incoming, body, 0);
        if (body.includes(OWN)) return answerOwn(request, response);
        received.push(request);
        return script(request, response, incoming);
      })
      .catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    connections++;
    socket.once('close', () => connections--);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    received,
    connections: () => connections,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What the gateway asks to know whether the server lives, and which tools it has: it lives, and has none. */
function answerOwn({ message }: Received, response: ServerResponse): void {
  const serverInfo = { name: 'scripted', version: '1.0.0' };
  const result = {
    resultType: 'complete',
    supportedVersions: ['2026-07-28'],
    capabilities: {},
    serverInfo,
    tools: [],
  };
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', id: message?.id, result }));
}
