// Begins to listen, or says why that cannot be.
import type { AddressInfo, Server } from 'node:net';

/** Resolves with the address once `server` listens; rejects where it cannot. */
export function listen(server: Server, port: number, host: string): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });
}
