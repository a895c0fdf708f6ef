// Links: the sockets to one endpoint, those for calls apart from those for streams.
import { buildConnector, Pool as OwnSockets } from 'undici';
import type { Endpoint } from '../core/endpoint.ts';
import { type Connect, KEEP_ALIVE_MARGIN_MS, Sockets } from '../http1/sockets.ts';

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

/** The sockets to one endpoint. */
export class Link {
  readonly calls: Sockets;
  readonly streams: Sockets;
  /** What the gateway asks itself goes through undici, which need not be fast and does the rest: bodies, deadlines. */
  readonly own: OwnSockets;

  constructor(endpoint: Endpoint, settings: SocketSettings) {
    const origin = originOf(endpoint);
    const connector = connectorOf(endpoint, settings);
    const open = (maxConnections: number, maxBodyBytes: number) =>
      new Sockets({
        host: new URL(origin).host,
        connect: connectTo(origin, connector),
        maxConnections,
        maxBodyBytes,
        keepAliveMs: settings.keepAliveMs,
      });
    this.calls = open(settings.connections, settings.maxResponseBytes);
    this.streams = open(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
    this.own = new OwnSockets(origin, {
      connections: null,
      pipelining: 1,
      allowH2: false,
      connect: connector,
      keepAliveTimeout: settings.keepAliveMs,
      keepAliveTimeoutThreshold: KEEP_ALIVE_MARGIN_MS,
      // Each request has a deadline of its own; a quiet stream may be quiet for hours.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** Lets requests in flight finish, then closes; resolves when all is closed. */
  async close(): Promise<void> {
    await Promise.all([this.calls.close(), this.streams.close(), this.own.close()]);
  }

  /** Closes at once; what is in flight breaks. */
  async destroy(): Promise<void> {
    this.calls.destroy();
    this.streams.destroy();
    await this.own.destroy();
  }
}

function connectTo(origin: string, connector: buildConnector.connector): Connect {
  const { host, hostname, protocol, port } = new URL(origin);
  const options = {
    host,
    hostname: hostname.replace(/^\[|\]$/g, ''),
    protocol,
    port: port || (protocol === 'https:' ? '443' : '80'),
  };
  return (done) => connector(options, (...[error, socket]) => done(error, error === null ? socket : null));
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
    allowH2: false,
    timeout: connectTimeoutMs,
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...(tls.cert !== undefined && { cert: tls.cert, key: tls.key ?? '' }),
    ...(tls.serverName !== undefined && { servername: tls.serverName }),
  });
  if (name === undefined) return connect;
  return (options, callback) => connect({ ...options, hostname }, callback);
}
