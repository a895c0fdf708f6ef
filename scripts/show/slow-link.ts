// A TCP link to a local port that can be made slow: what the far end says is late by a settable time.
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

export interface SlowLink {
  readonly port: number;
  /** Ms by which each answer of the far end is late from now on. */
  delayMs: number;
  /** Sets `delayMs`. */
  slowDown(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens a link to `port` on 127.0.0.1. */
export async function startSlowLink(port: number): Promise<SlowLink> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.on('data', (chunk) => {
      if (link.delayMs === 0) near.write(chunk);
      else setTimeout(() => near.write(chunk), link.delayMs).unref();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const link: SlowLink = {
    port: (server.address() as AddressInfo).port,
    delayMs: 0,
    slowDown(ms) {
      link.delayMs = ms;
      return Promise.resolve();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return link;
}
