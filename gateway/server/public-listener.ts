// The public listener: turns HTTP requests on the routes' paths into exchanges, and answers everything else itself.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server as NetServer } from 'node:net';
import { setTimeout as pause, setImmediate as polled } from 'node:timers/promises';
import { Exchange } from '../core/exchange.ts';
import type { Refusal, RefusalReason } from '../core/refusal.ts';
import { callCancelled, refusal, refusalMessage, retryAfter } from '../core/refusal.ts';
import type { Reply } from '../core/reply.ts';
import type { Slots } from '../core/slots.ts';
import type { Handler } from '../core/stage.ts';
import { legacy } from '../mcp/eras/legacy.ts';
import type { Inbound } from '../mcp/inbound.ts';
import type { AccessRules } from './access.ts';
import { accessFault, corsHeaders, preflightHeaders } from './access.ts';
import { readBody } from './body.ts';
import type { CertificateFiles } from './certificate.ts';
import { answerDocument } from './documents.ts';
import type { ListenerTimes } from './http-server.ts';
import { changeCertificate, httpServer, listenerTimes } from './http-server.ts';
import { KeepAlives } from './keep-alives.ts';
import { header } from './lean-request.ts';
import { listen } from './listen.ts';
import { linger, Outbound } from './outbound.ts';
import type { PeerReader } from './peer.ts';
import type { HeadFields } from './read-head.ts';
import { readInbound, readTarget } from './read-head.ts';

/** What a listener serves; replaced as a whole when the configuration is reloaded. */
export interface PublicService {
  /** By path, e.g. `/mcp`. */
  readonly handlers: ReadonlyMap<string, Handler>;
  /** Documents that anybody may read, as JSON text by path. */
  readonly documents: ReadonlyMap<string, string>;
  readonly access: AccessRules;
  readonly peers: PeerReader;
  readonly head: HeadFields;
  readonly maxBodyBytes: number;
  /** Exchanges whose last byte is not out. */
  readonly live: Slots<Exchange>;
  /** Whether the request that has just come is to be refused, for the process has too much to do. */
  overloaded(): boolean;
  /** The answer to an exchange whose handler has thrown. */
  rescue(x: Exchange, thrown: unknown): Reply;
  /** Told of each refusal given before there was an exchange. */
  refused(reason: RefusalReason): void;
  /** Whether the gateway is ready, for `/health`. */
  ready(): boolean;
}

/** How often a draining listener closes the connections that have become idle. */
const SWEEP_MS = 100;
/**
 * How long no request must have come before a draining listener closes idle connections: a client that has not been told
 * may have one on its way, which would be lost. Each answer closes its connection, so that they cannot come for ever.
 */
const QUIET_MS = 1000;
/** The answer to CONNECT, for which Node makes no response object. */
const NO_TUNNELS = 'HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

/** An HTTP server that knows MCP routes. */
export class PublicListener {
  readonly server: Server;
  #service: PublicService;
  readonly #outbound: Outbound;
  #refusing = false;
  /** Monotonic ms at which the last request came while closing. */
  #lastRequestAt = 0;
  #connections = 0;

  /** With a certificate it serves https. */
  constructor(service: PublicService, certificate?: CertificateFiles, times: Partial<ListenerTimes> = {}) {
    const all = { ...listenerTimes, ...times };
    this.#service = service;
    this.#outbound = new Outbound(new KeepAlives(all.quietMs));
    this.server = httpServer(certificate?.pair, all);
    if (certificate !== undefined) certificate.onChange = (pair) => changeCertificate(this.server, pair);
    this.server.on('request', (req, res) => this.#onRequest(req, res));
    this.server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
      if (Number(header(req, 'content-length') ?? 0) <= this.#service.maxBodyBytes) res.writeContinue();
      this.#onRequest(req, res);
    });
    this.server.on('connection', (socket) => {
      this.#connections++;
      socket.once('close', () => this.#connections--);
    });
    // Upgrades are not listened for: such a request is then served as if it had asked for none (RFC 9110 §7.8), as it
    // must be for clients that offer h2c with their first request.
    this.server.on('connect', (_req, socket) => socket.end(NO_TUNNELS));
  }

  /** Open client connections. */
  get connections(): number {
    return this.#connections;
  }

  /** Serves another configuration from the next request on. */
  swap(service: PublicService): void {
    this.#service = service;
  }

  listen(port: number, host: string): Promise<AddressInfo> {
    return listen(this.server, { section: 'listen', port, host });
  }

  /** Serves on, but has clients reconnect after each answer: by then they are led elsewhere. */
  announceDrain(): void {
    this.#outbound.closing = true;
  }

  /**
   * Accepts no connection, ends streams and lets what is in flight finish; resolves when all is done or after `withinMs`,
   * when what is left is refused and cut. Node's own `close()` would cut idle connections under requests on their way, and
   * then wait for the rest to be dropped by their clients.
   */
  async drain(withinMs: number): Promise<void> {
    this.#outbound.closing = true;
    // Connections that the system has accepted and this process has not would be reset.
    await polled();
    await polled();
    NetServer.prototype.close.call(this.server);
    const { live } = this.#service;
    const begun = performance.now();
    while (this.#connections > 0 || live.size > 0) {
      const past = performance.now() - begun;
      if (past >= withinMs) break;
      for (const x of live)
        if (x.stream || x.cancelled) x.cancel(x.stream ? refusal('draining') : callCancelled);
      // What has come while this process had no time to read it, or was not run at all, is no quiet.
      await polled();
      const quietMs = performance.now() - Math.max(begun, this.#lastRequestAt);
      if (quietMs >= QUIET_MS) {
        this.#refusing = true;
        this.server.closeIdleConnections();
        // What is left then are connections over which nothing was asked yet, and nothing would be answered.
        if (live.size === 0 && quietMs >= 2 * QUIET_MS) break;
      }
      await pause(Math.min(SWEEP_MS, withinMs - past));
    }
    this.#refusing = true;
    for (const x of live) x.cancel(refusal('draining'));
    // The last answers' bytes may still be on their way out of this process.
    if (this.#connections > 0) await pause(SWEEP_MS);
    this.server.close();
    this.server.closeAllConnections();
  }

  #onRequest(req: IncomingMessage, res: ServerResponse): void {
    const service = this.#service;
    const target = readTarget(req.url ?? '/');
    const { path } = target;
    if (this.#outbound.closing) {
      res.shouldKeepAlive = false;
      this.#lastRequestAt = performance.now();
    }
    const inbound = readInbound(req, target, service.peers, service.head);
    const handler = service.handlers.get(path);
    if (handler === undefined) return this.#answerOther(req, res, path);
    if (service.overloaded()) return this.#refuse(res, refusal('overloaded'));
    if (this.#refusing) return this.#refuse(res, refusal('draining'));
    const fault = accessFault(inbound, service.access);
    if (fault !== undefined) return this.#refuse(res, refusal('forbidden', { message: fault }));
    if (inbound.origin !== undefined) {
      for (const [name, value] of Object.entries(corsHeaders(inbound.origin))) res.setHeader(name, value);
    }
    switch (req.method) {
      case 'POST':
      case 'GET':
      case 'DELETE':
        return this.#exchange(req, res, inbound, handler);
      case 'OPTIONS':
        res
          .writeHead(204, preflightHeaders(inbound.origin, header(req, 'access-control-request-headers')))
          .end();
        return;
      default:
        return this.#refuse(
          res,
          refusal('method_not_allowed', { headers: ['allow', 'POST, GET, DELETE, OPTIONS'] }),
        );
    }
  }

  #exchange(req: IncomingMessage, res: ServerResponse, inbound: Inbound, handler: Handler): void {
    const maxBytes = this.#service.maxBodyBytes;
    const x: Exchange = new Exchange(
      inbound,
      legacy,
      (meter) => readBody(req, x, maxBytes, meter),
      performance.now(),
    );
    res.on('close', () => {
      if (!x.closed) x.disconnect();
    });
    // One promise less than a `.catch` behind it.
    const deliver = (reply: Reply) => this.#outbound.deliver(x, res, reply);
    const rescue = (thrown: unknown) => deliver(this.#service.rescue(x, thrown));
    try {
      handler(x).then(deliver, rescue);
    } catch (thrown) {
      rescue(thrown);
    }
  }

  #answerOther(req: IncomingMessage, res: ServerResponse, path: string): void {
    if (path === '/health' && (req.method === 'GET' || req.method === 'HEAD')) {
      const ready = this.#service.ready();
      res.writeHead(ready ? 200 : 503, { 'content-type': 'text/plain' }).end(ready ? 'ok\n' : 'not ready\n');
      return;
    }
    const document = this.#service.documents.get(path);
    if (document !== undefined) return answerDocument(req, res, document);
    const paths = [...this.#service.handlers.keys()].join(', ');
    this.#refuse(
      res,
      refusal('not_found', { message: `There is no MCP endpoint at this path; there is ${paths}` }),
    );
  }

  /** A refusal of what has not become an exchange. */
  #refuse(res: ServerResponse, why: Refusal): void {
    this.#service.refused(why.reason);
    const body = refusalMessage(why, null);
    const headers = ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(body))];
    if (why.retryAfterMs !== undefined) headers.push('retry-after', retryAfter(why.retryAfterMs));
    res.writeHead(why.status, [...headers, ...(why.headers ?? [])]);
    if (res.shouldKeepAlive || res.req.complete) res.end(body);
    else linger(res, Buffer.from(body));
  }
}
