// Pools: the endpoints of one service, the sockets to them, and the choice between them.
import { isDeepStrictEqual } from 'node:util';
import type { Pool as OwnSockets } from 'undici';
import type { Balancer } from '../balance/balancer.ts';
import { balancers } from '../balance/balancer.ts';
import { highest } from '../balance/rendezvous.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Refusal } from '../core/refusal.ts';
import type { Sockets } from '../http1/sockets.ts';
import { EndpointRoom, isLoad } from '../limits/endpoint-room.ts';
import type { DnsEndpoint } from './endpoint-list.ts';
import { EndpointList } from './endpoint-list.ts';
import { Link } from './link.ts';
import type { PoolSettings } from './pool-settings.ts';
import { type HeaderRules, headerRules } from './request-headers.ts';

/** What a pool is made with beside its settings. */
interface PoolOptions {
  readonly random?: () => number;
  /** The pool of this name before a reload: endpoints that stay keep their live state and, where they can, their sockets. */
  readonly previous?: Pool | undefined;
}

/** What the pools of one name have in common, from reload to reload. */
interface Line {
  /** The one that the configuration has now: what still waits in an earlier one goes where this one says. */
  current: Pool;
  readonly room: EndpointRoom;
  /** Of all endpoints ever: an exchange may come to one that has left meanwhile, and finds its sockets closed. */
  readonly links: WeakMap<Endpoint, Link>;
}

/** A named set of endpoints for one service. */
export class Pool {
  readonly name: string;
  readonly settings: PoolSettings;
  /** Changes where endpoints are found by name. */
  endpoints: readonly Endpoint[];
  readonly headerRules: HeaderRules;
  /** True when the client's own credential may cross: then the upstream's challenges are the client's business. */
  readonly passesAuthorization: boolean;
  /** Rebuilt when an endpoint's state changes, never per request. */
  available: readonly Endpoint[] = [];
  /** Those of the available ones that are known to speak the stateless era; where there is none, those that may; or all. */
  #stateless: readonly Endpoint[] = [];
  /** Told when the last available endpoint is available no more. */
  emptied: (() => void) | undefined = undefined;
  readonly #line: Line;
  #replaced = false;
  readonly #balancer: Balancer;
  readonly #links = new Map<Endpoint, Link>();
  readonly #list: EndpointList;

  constructor(settings: PoolSettings, { random = Math.random, previous }: PoolOptions = {}) {
    this.name = settings.name;
    this.settings = settings;
    this.headerRules = headerRules(settings.headers, settings.forwardHeaders);
    this.passesAuthorization = this.headerRules.forwarded.has('authorization');
    this.#line = previous === undefined ? lineOf(this) : previous.#line;
    this.#balancer = balancers[settings.balance](random);
    this.#list = new EndpointList(settings.name);
    for (const endpoint of settings.endpoints) {
      if ('url' in endpoint) this.#list.add(endpoint, (id) => previous?.endpoint(id));
      else this.#list.adopt(endpoint, previous?.endpoints ?? []);
    }
    this.endpoints = this.#list.all;
    const sameSockets = isDeepStrictEqual(previous?.settings.sockets, settings.sockets);
    for (const endpoint of this.endpoints) {
      const known = sameSockets ? previous?.link(endpoint) : undefined;
      this.#connect(endpoint, known ?? new Link(endpoint, settings.sockets));
    }
    this.refresh();
  }

  /** Takes note of changed states: call after changing an endpoint's. */
  refresh(): void {
    const had = this.available.length;
    for (const endpoint of this.endpoints) endpoint.noteState(Date.now());
    this.available = this.endpoints.filter((endpoint) => endpoint.takesCalls);
    const known = this.available.filter((endpoint) => endpoint.stateless === true);
    const possible = this.available.filter((endpoint) => endpoint.stateless !== false);
    this.#stateless = [known, possible].find((some) => some.length > 0) ?? this.available;
    if (had > 0 && this.available.length === 0) this.emptied?.();
    this.serve();
  }

  /** Takes the place of the pool before it: from now on all that waits or is sent again goes by this one's settings. */
  takeOver(): void {
    this.#line.current.#replaced = true;
    this.#replaced = false;
    this.#line.current = this;
    this.serve();
  }

  /**
   * The endpoint of this id, whatever its state; undefined once it has left the configuration. A pool that was replaced
   * knows those that have come since, for its last exchanges may be sent there.
   */
  endpoint(id: string): Endpoint | undefined {
    return this.#list.get(id) ?? (this.#replaced ? this.#line.current.#list.get(id) : undefined);
  }

  /** Whether every endpoint that `x` may go to is among `tried`. */
  isExhausted(x: Exchange, tried: readonly Endpoint[]): boolean {
    return this.#line.current.#untried(x, tried).length === 0;
  }

  /** Makes `addresses` the endpoints of a name; returns those that have gone, with the sockets to close. `now`: monotonic ms. */
  resolve(source: DnsEndpoint, addresses: readonly string[], now: number): ReadonlyMap<Endpoint, Link> {
    const gone = this.#list.resolve(source, addresses, now);
    this.endpoints = this.#list.all;
    for (const endpoint of this.endpoints) {
      if (!this.#links.has(endpoint)) this.#connect(endpoint, new Link(endpoint, this.settings.sockets));
    }
    this.refresh();
    const links = new Map([...this.#links].filter(([endpoint]) => gone.includes(endpoint)));
    for (const endpoint of gone) this.#links.delete(endpoint);
    return links;
  }

  /** Chooses an endpoint for `x`, leaving out those already tried and those that are full. */
  pick(x: Exchange, tried: readonly Endpoint[] | undefined): Endpoint | undefined {
    const { current } = this.#line;
    if (current !== this) return current.pick(x, tried);
    const among = this.#untried(x, tried);
    const isBound = this.settings.maxInFlight !== 0 && isLoad(x);
    if (this.settings.affinity === 'client') {
      const home = highest(among, x.principal.id);
      return isBound && home !== undefined && this.#isFull(home) ? undefined : home;
    }
    const mayTake =
      isBound && among.some((e) => this.#isFull(e)) ? among.filter((e) => !this.#isFull(e)) : among;
    return this.#balancer.pick(mayTake, x);
  }

  /** Whether `x` may go now, to an endpoint not yet tried; also true where waiting would be of no use. */
  admits(x: Exchange, tried: readonly Endpoint[] | undefined): boolean {
    const { current, room } = this.#line;
    return current.settings.maxInFlight === 0 || room.admits(x, tried);
  }

  /** Has `x`, which is not admitted, wait until `go`, which must take its place at an endpoint at once. */
  wait(
    x: Exchange,
    tried: readonly Endpoint[] | undefined,
    go: () => void,
    refused: (why: Refusal) => void,
  ): void {
    const { current, room } = this.#line;
    room.wait(x, tried, current.settings.queueTimeoutMs, go, refused);
  }

  /** Lets those go on for whom there is room. Call when a call has ended. */
  serve(): void {
    this.#line.room.serve();
  }

  /** Whether an endpoint that `x` may go to has room; also true when there is none to wait for. */
  hasRoom(x: Exchange, tried: readonly Endpoint[] | undefined): boolean {
    const among = this.#untried(x, tried);
    const only =
      x.pinned ?? (this.settings.affinity === 'client' ? highest(among, x.principal.id) : undefined);
    if (only !== undefined) return !this.#isFull(only);
    return among.length === 0 || !among.every((endpoint) => this.#isFull(endpoint));
  }

  /** A server of the sessionful era refuses what needs no session, and says it is the caller's fault. */
  #untried({ era }: Exchange, tried: readonly Endpoint[] | undefined): readonly Endpoint[] {
    const all = era.sessionful ? this.available : this.#stateless;
    return tried === undefined ? all : all.filter((e) => !tried.includes(e));
  }

  #isFull(endpoint: Endpoint): boolean {
    const { maxInFlight } = this.settings;
    return maxInFlight !== 0 && endpoint.inFlight >= maxInFlight;
  }

  /** The sockets that `x` uses to reach an endpoint. */
  sockets(endpoint: Endpoint, stream: boolean): Sockets {
    const link = this.#linkTo(endpoint);
    return stream ? link.streams : link.calls;
  }

  /** The sockets over which the gateway asks an endpoint itself. They are never used up: a busy endpoint is not a dead one. */
  ownSockets(endpoint: Endpoint): OwnSockets {
    return this.#linkTo(endpoint).own;
  }

  /** Sockets to an endpoint by state, for the metrics. */
  connections(endpoint: Endpoint): { connected: number; free: number; pending: number } {
    const link = this.#links.get(endpoint);
    const of = (state: 'connected' | 'free' | 'pending') =>
      link === undefined ? 0 : link.calls[state] + link.streams[state];
    return { connected: of('connected'), free: of('free'), pending: of('pending') };
  }

  /** The sockets to an endpoint of this pool. */
  link(endpoint: Endpoint): Link | undefined {
    return this.#links.get(endpoint);
  }

  /** The endpoints with their sockets that `successor`, the pool of this name after a reload, has not taken over. */
  leaving(successor: Pool | undefined): ReadonlyMap<Endpoint, Link> {
    return new Map([...this.#links].filter(([endpoint, link]) => successor?.link(endpoint) !== link));
  }

  /** Closes all sockets at once; what is still in flight breaks. */
  async destroy(): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link.destroy()));
  }

  #connect(endpoint: Endpoint, link: Link): void {
    endpoint.stateless = this.settings.stateless ?? endpoint.stateless;
    this.#links.set(endpoint, link);
    this.#line.links.set(endpoint, link);
  }

  #linkTo(endpoint: Endpoint): Link {
    const { current, links } = this.#line;
    const link = current.link(endpoint) ?? this.#links.get(endpoint) ?? links.get(endpoint);
    if (link === undefined) throw new Error(`endpoint ${endpoint.id} is not of pool ${this.name}`);
    return link;
  }
}

/** Made apart from the pools: what holds the room must not hold those that have gone. */
function lineOf(first: Pool): Line {
  const line: Line = {
    current: first,
    links: new WeakMap(),
    room: new EndpointRoom((x, tried) => line.current.hasRoom(x, tried)),
  };
  return line;
}
