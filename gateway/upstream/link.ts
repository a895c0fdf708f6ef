// Links: the sockets to one endpoint, those for calls apart from those for streams.
import { buildConnector, Pool as Sockets } from 'undici';
import type { Endpoint } from '../core/endpoint.ts';

/** What decides how sockets behave; links of equal settings outlive a reload. */
export interface SocketSettings {
  /** Sockets for calls; streams have theirs apart, so that quiet streams never starve calls. */
  readonly connections: number;
  readonly keepAliveMs: number;
  readonly connectTimeoutMs: number;
  /** PEM texts and the name to expect, for https endpoints. */
  readonly tls: TlsSettings;
  /** Bytes that the answer to a call may have; streams are as long as they last. */
  readonly maxResponseBytes: number;
}

/** How https endpoints are believed, and what they are shown; without any of it the system's authorities decide. */
export interface TlsSettings {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly serverName?: string | undefined;
}

/** How much earlier than an upstream's keep-alive hint a socket is given up, in ms: it must not close under a request. */
const KEEP_ALIVE_MARGIN_MS = 2000;
const MAX_KEEP_ALIVE_MS = 600_000;

/** The sockets to one endpoint. */
export class Link {
  readonly calls: Sockets;
  readonly streams: Sockets;

  constructor(endpoint: Endpoint, settings: SocketSettings) {
    const open = (connections: number | null, maxResponseSize: number) =>
      new Sockets(originOf(endpoint), {
        connections,
        maxResponseSize,
        pipelining: 1,
        allowH2: false,
        connect: connectorOf(endpoint, settings),
        keepAliveTimeout: settings.keepAliveMs,
        keepAliveMaxTimeout: Math.max(MAX_KEEP_ALIVE_MS, settings.keepAliveMs),
        keepAliveTimeoutThreshold: KEEP_ALIVE_MARGIN_MS,
        // The exchange's own deadline ends what takes too long; a quiet stream may be quiet for hours.
        headersTimeout: 0,
        bodyTimeout: 0,
      });
    this.calls = open(settings.connections, settings.maxResponseBytes);
    this.streams = open(null, -1);
  }

  /** Lets requests in flight finish, then closes; resolves when all is closed. */
  async close(): Promise<void> {
    await Promise.all([this.calls.close(), this.streams.close()]);
  }

  /** Closes at once; what is in flight breaks. */
  async destroy(): Promise<void> {
    await Promise.all([this.calls.destroy(), this.streams.destroy()]);
  }
}

/** An endpoint found by name is spoken to by that name, in Host as in TLS. */
function originOf({ origin, name }: Endpoint): string {
  if (name === undefined) return origin;
  const url = new URL(origin);
  url.hostname = name;
  return url.origin;
}

/** Connects to the endpoint's very address, whatever its name stands for by then. */
function connectorOf(
  { name, hostname }: Endpoint,
  { connectTimeoutMs, tls }: SocketSettings,
): buildConnector.connector {
  const connect = buildConnector({
    timeout: connectTimeoutMs,
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...(tls.cert !== undefined && { cert: tls.cert, key: tls.key ?? '' }),
    ...(tls.serverName !== undefined && { servername: tls.serverName }),
  });
  if (name === undefined) return connect;
  return (options, callback) => connect({ ...options, hostname }, callback);
}
