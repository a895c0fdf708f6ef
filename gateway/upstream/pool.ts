// Pools: the endpoints of one service, the sockets to them, and the choice between them.
import { hash } from 'node:crypto';
import { Pool as Sockets } from 'undici';
import type { Balancer, BalancerName } from '../balance/balancer.ts';
import { balancers } from '../balance/balancer.ts';
import { highest } from '../balance/rendezvous.ts';
import { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import type { HeaderRules } from './request-headers.ts';

export interface PoolSettings {
  readonly name: string;
  readonly endpoints: readonly { readonly url: string; readonly weight: number }[];
  readonly balance: BalancerName;
  readonly affinity: 'session' | 'client' | 'none';
  /** Sockets per endpoint for calls; streams have theirs apart, so that quiet streams never starve calls. */
  readonly connections: number;
  readonly keepAliveMs: number;
  readonly connectTimeoutMs: number;
  /** Sent upstream with each request, as name, value, name, value. */
  readonly headers: readonly string[];
  /** Lower-case names of client headers that may cross. */
  readonly forwardHeaders: ReadonlySet<string>;
}

/** The sockets to one endpoint. */
interface Link {
  readonly endpoint: Endpoint;
  readonly calls: Sockets;
  readonly streams: Sockets;
}

/** How much earlier than an upstream's keep-alive hint a socket is given up, in ms: it must not close under a request. */
const KEEP_ALIVE_MARGIN_MS = 2000;
const MAX_KEEP_ALIVE_MS = 600_000;

/** A named set of endpoints for one service. */
export class Pool {
  readonly name: string;
  readonly settings: PoolSettings;
  readonly endpoints: readonly Endpoint[];
  readonly headerRules: HeaderRules;
  /** True when the client's own credential may cross: then the upstream's challenges are the client's business. */
  readonly passesAuthorization: boolean;
  /** Rebuilt when an endpoint's state changes, never per request. */
  available: readonly Endpoint[];
  readonly #balancer: Balancer;
  readonly #links = new Map<Endpoint, Link>();
  readonly #byId = new Map<string, Endpoint>();

  constructor(settings: PoolSettings, random: () => number = Math.random) {
    this.name = settings.name;
    this.settings = settings;
    this.headerRules = { own: settings.headers, forwarded: settings.forwardHeaders };
    this.passesAuthorization = settings.forwardHeaders.has('authorization');
    this.#balancer = balancers[settings.balance](random);
    this.endpoints = settings.endpoints.map(
      ({ url, weight }) => new Endpoint(endpointId(settings.name, url), settings.name, url, weight),
    );
    for (const endpoint of this.endpoints) {
      this.#byId.set(endpoint.id, endpoint);
      this.#links.set(endpoint, this.#link(endpoint));
    }
    this.available = this.endpoints;
  }

  /** The endpoint of this id, whatever its state; undefined once it has left the configuration. */
  endpoint(id: string): Endpoint | undefined {
    return this.#byId.get(id);
  }

  /** Chooses an endpoint for `x`, leaving out those already tried. */
  pick(x: Exchange, tried: readonly Endpoint[] | undefined): Endpoint | undefined {
    const among = tried === undefined ? this.available : this.available.filter((e) => !tried.includes(e));
    if (this.settings.affinity === 'client') return highest(among, x.principal.id);
    return this.#balancer.pick(among, x);
  }

  /** The sockets that `x` uses to reach an endpoint. */
  sockets(endpoint: Endpoint, stream: boolean): Sockets {
    const link = this.#links.get(endpoint);
    if (link === undefined) throw new Error(`endpoint ${endpoint.url} is not of pool ${this.name}`);
    return stream ? link.streams : link.calls;
  }

  /** Sockets to an endpoint by state, for the metrics. */
  connections(endpoint: Endpoint): { connected: number; free: number; pending: number } {
    const link = this.#links.get(endpoint);
    if (link === undefined) return { connected: 0, free: 0, pending: 0 };
    const { calls, streams } = link;
    return {
      connected: calls.stats.connected + streams.stats.connected,
      free: calls.stats.free + streams.stats.free,
      pending: calls.stats.pending + streams.stats.pending,
    };
  }

  /** Closes all sockets at once; what is still in flight breaks. */
  async destroy(): Promise<void> {
    const links = [...this.#links.values()];
    await Promise.all(links.flatMap((link) => [link.calls.destroy(), link.streams.destroy()]));
  }

  #link(endpoint: Endpoint): Link {
    const { settings } = this;
    const open = (connections: number | null) =>
      new Sockets(endpoint.origin, {
        connections,
        pipelining: 1,
        allowH2: false,
        connect: { timeout: settings.connectTimeoutMs },
        keepAliveTimeout: settings.keepAliveMs,
        keepAliveMaxTimeout: Math.max(MAX_KEEP_ALIVE_MS, settings.keepAliveMs),
        keepAliveTimeoutThreshold: KEEP_ALIVE_MARGIN_MS,
        // The exchange's own deadline ends what takes too long; a quiet stream may be quiet for hours.
        headersTimeout: 0,
        bodyTimeout: 0,
      });
    return { endpoint, calls: open(settings.connections), streams: open(null) };
  }
}

/** Twelve hex digits that name an endpoint in sealed session ids; not its address, and the same in every process. */
function endpointId(pool: string, url: string): string {
  return hash('sha256', `${pool}\n${url}`, 'hex').slice(0, 12);
}
