// Begins to listen, or says why that cannot be.
import type { AddressInfo, Server } from 'node:net';

/** Where a server is to listen, and the section of the configuration that says so. */
export interface ListenAddress {
  readonly section: 'listen' | 'admin';
  readonly host: string;
  readonly port: number;
}

/** Resolves with the address once `server` listens; where it cannot, rejects with the setting to change. */
export function listen(server: Server, address: ListenAddress): Promise<AddressInfo> {
  const { host, port } = address;
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) => reject(explained(error, address));
    server.once('error', refuse);
    server.listen(port, host, () => {
      server.off('error', refuse);
      resolve(server.address() as AddressInfo);
    });
  });
}

/** What can be done about it (bind(2), getaddrinfo(3)). */
function explained(error: Error, { section, host, port }: ListenAddress): Error {
  const code = 'code' in error ? String(error.code) : '';
  const mends: Readonly<Record<string, string>> = {
    EADDRINUSE: `${section}.port: something listens on ${host}:${port} already: end it, or choose another port`,
    EACCES: `${section}.port: this user may not listen on ${port}: choose a port above 1023`,
    EADDRNOTAVAIL: `${section}.host: ${host} is no address of this machine`,
    ENOTFOUND: `${section}.host: ${host} is no address and no name that is known here`,
  };
  const mend = mends[code];
  return mend === undefined ? error : new Error(`${mend} (${code})`, { cause: error });
}
