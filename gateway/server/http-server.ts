// The HTTP server behind the public listener: its bounds in time and size, plain or over TLS.
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { Certificate } from './certificate.ts';
import { LeanRequest } from './lean-request.ts';

/** How long a listener waits for its clients, in ms. */
export interface ListenerTimes {
  /** Within this a client must have sent its headers. */
  readonly headersMs: number;
  /** Within this a client must have sent its whole request. */
  readonly requestMs: number;
  /** A comment follows this much silence on an event stream. */
  readonly quietMs: number;
}

/** Common load balancers cut connections that have been idle for 60 s: comments come well before. */
export const listenerTimes: ListenerTimes = { headersMs: 10_000, requestMs: 30_000, quietMs: 15_000 };
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Longer than load balancers keep idle connections, so that they close first and no request meets a closing socket. */
const KEEP_ALIVE_MS = 75_000;
const MAX_HEADER_BYTES = 16 * 1024;

/** Makes the server; with a certificate it speaks TLS 1.2 and newer. */
export function httpServer(
  certificate: Certificate | undefined,
  { headersMs, requestMs }: ListenerTimes,
): Server {
  const options = {
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(1000, headersMs),
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    requireHostHeader: true,
    noDelay: true,
    IncomingMessage: LeanRequest,
  };
  if (certificate === undefined) return createServer(options);
  return createTlsServer({
    ...options,
    ...certificate,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
  });
}

/** Has connections from now on see another certificate; those that are open keep theirs. */
export function changeCertificate(server: Server, certificate: Certificate): void {
  if (server instanceof TlsServer) server.setSecureContext({ ...certificate, minVersion: 'TLSv1.2' });
}
