// Shortages: what this machine lacks for connections to upstreams, told with what mends it and not at each attempt.
import type { Logger } from './logger.ts';

/** Each is told again after this, in ms, while it lasts. */
const TELL_EVERY_MS = 60_000;

const mends: Readonly<Record<string, string>> = {
  EMFILE:
    "this process may open no more files: raise its limit (ulimit -n, systemd's LimitNOFILE, a container's nofile), or lower listen.max_connections",
  ENFILE: 'this machine may open no more files: raise fs.file-max',
  EADDRNOTAVAIL:
    'no local address or port is free for a connection: widen net.ipv4.ip_local_port_range, raise keep_alive so that sockets are used again, or see whether the address family of the endpoint is there at all',
  ENOBUFS: 'the system has no buffers for sockets: raise net.ipv4.tcp_mem',
  ENOMEM: 'the system has no memory for sockets: raise net.ipv4.tcp_mem or the memory limit',
};

/** Logs shortages by the code of the system's error. */
export class Shortages {
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #toldAt = new Map<string, number>();

  /** `now`: monotonic ms. */
  constructor(logger: Logger, now: () => number = () => performance.now()) {
    this.#logger = logger;
    this.#now = now;
  }

  readonly tell = (code: string): void => {
    const now = this.#now();
    if (now - (this.#toldAt.get(code) ?? Number.NEGATIVE_INFINITY) < TELL_EVERY_MS) return;
    this.#toldAt.set(code, now);
    const message = `upstreams cannot be reached for want of something here, no endpoint is blamed: ${mends[code] ?? code}`;
    this.#logger.log({ event: 'socket_shortage', code, message });
  };
}
