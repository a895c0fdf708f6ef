// The connection limit: how many connections clients may hold, so that descriptors remain for upstreams and files.
import { readFileSync } from 'node:fs';
import type { Server } from 'node:net';
import type { ListenConfig } from '../../config/schema.ts';
import type { Logger } from '../telemetry/logger.ts';

/** Descriptors for everything but calls: files, Redis, checks, the admin listener; at most this share of a small limit. */
const RESERVED = 128;
const RESERVED_SHARE = 0.25;
/** How many of those the admin listener may have. */
const ADMIN_SHARE = 0.5;
/** Refused connections are told in the log at most this often, in ms. */
const TELL_EVERY_MS = 10_000;
/** What to do about it. */
const RAISE = "raise that limit (ulimit -n, systemd's LimitNOFILE, a container's nofile) for more";

/** How many connections the two listeners may have; undefined: as many as come. */
export interface ConnectionLimits {
  readonly clients: number | undefined;
  readonly admin: number | undefined;
}

/** Files that this process may have open; undefined where the system does not say. Node itself raises it to the hard limit. */
function openFilesLimit(): number | undefined {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

/** Shares `openFiles` out: each client connection may need one to an upstream. */
export function connectionLimits(
  asked: ListenConfig['max_connections'],
  openFiles: number | undefined,
): ConnectionLimits {
  if (openFiles === undefined) return { clients: asked === 'auto' ? undefined : asked, admin: undefined };
  const reserved = Math.min(RESERVED, Math.floor(openFiles * RESERVED_SHARE));
  const clients = asked === 'auto' ? Math.max(1, Math.floor((openFiles - reserved) / 2)) : asked;
  return { clients, admin: Math.max(1, Math.floor(reserved * ADMIN_SHARE)) };
}

/** Holds both listeners to their limits, and tells of connections that are refused: at once, and then now and then. */
export class ConnectionBounds {
  /** Connections of clients refused since start. */
  refused = 0;
  readonly #clients: Server;
  readonly #admin: Server;
  readonly #logger: Logger;
  readonly #openFiles = openFilesLimit();
  #toldAt = Number.NEGATIVE_INFINITY;
  #told = 0;

  constructor(clients: Server, admin: Server, logger: Logger) {
    this.#clients = clients;
    this.#admin = admin;
    this.#logger = logger;
    clients.on('drop', () => this.#drop());
  }

  /** Goes by these settings from the next connection on; more than there can be descriptors for are warned of. */
  use({ max_connections: asked }: ListenConfig): void {
    const limits = connectionLimits(asked, this.#openFiles);
    this.#clients.maxConnections = limits.clients ?? Number.POSITIVE_INFINITY;
    this.#admin.maxConnections = limits.admin ?? Number.POSITIVE_INFINITY;
    const { clients: safe } = connectionLimits('auto', this.#openFiles);
    if (asked === 'auto' || safe === undefined || asked <= safe) return;
    const message =
      `listen.max_connections: ${asked} connections and one to an upstream for each need more than the ` +
      `${this.#openFiles} files that this process may open, which are enough for ${safe}; ${RAISE}`;
    this.#logger.log({ event: 'config_warning', message });
  }

  #drop(): void {
    this.refused++;
    const now = performance.now();
    if (now - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = now;
    const { maxConnections: limit } = this.#clients;
    const message = `clients hold all ${limit} connections that listen.max_connections allows, which goes by the limit of open files where nothing is said; ${RAISE}`;
    this.#logger.log({ event: 'connections_refused', refused: this.refused - this.#told, limit, message });
    this.#told = this.refused;
  }
}
