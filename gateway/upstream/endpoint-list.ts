// The endpoint list: which endpoints a pool has, those of its file and those that names stand for at the moment.
import { hash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { Endpoint } from '../core/endpoint.ts';

/** An endpoint as the configuration names it. */
export interface UrlEndpoint {
  readonly url: string;
  readonly weight: number;
}

/** A name of which every address is an endpoint. */
export interface DnsEndpoint {
  readonly dns: string;
  readonly protocol: 'http:' | 'https:';
  readonly port: number;
  readonly path: string;
  readonly weight: number;
  readonly refreshMs: number;
}

/** An endpoint that has left its name stays for its sessions while it is healthy, yet not for longer than this. */
const LONGEST_STAY_MS = 3_600_000;

export class EndpointList {
  readonly #pool: string;
  readonly #byId = new Map<string, Endpoint>();

  constructor(pool: string) {
    this.#pool = pool;
  }

  get all(): readonly Endpoint[] {
    return [...this.#byId.values()];
  }

  get(id: string): Endpoint | undefined {
    return this.#byId.get(id);
  }

  /** Adds the endpoint of a URL, with the live state of the one that is known by its id. */
  add({ url, weight }: UrlEndpoint, known: (id: string) => Endpoint | undefined): void {
    const id = endpointId(this.#pool, url);
    this.#put(known(id) ?? new Endpoint(id, this.#pool, url, weight), weight);
  }

  /** Takes over the endpoints of a name from the pool's predecessor, also those that the name has left: they go on leaving. */
  adopt(source: DnsEndpoint, known: readonly Endpoint[]): void {
    for (const endpoint of known) {
      if (!belongs(endpoint, source)) continue;
      endpoint.weight = source.weight;
      this.#byId.set(endpoint.id, endpoint);
    }
  }

  /**
   * Makes `addresses` the endpoints of a name. Those that are no longer among them take nothing new, and go once nobody
   * needs them; returns the ones that have gone.
   */
  resolve(source: DnsEndpoint, addresses: readonly string[], now: number): Endpoint[] {
    for (const address of addresses) {
      const url = urlOf(source, address);
      const id = endpointId(this.#pool, `${source.dns}\n${url}`);
      this.#put(this.get(id) ?? new Endpoint(id, this.#pool, url, source.weight, source.dns), source.weight);
    }
    const present = new Set(addresses.map((address) => urlOf(source, address)));
    const gone: Endpoint[] = [];
    for (const endpoint of this.#byId.values()) {
      if (!belongs(endpoint, source) || present.has(endpoint.url)) continue;
      endpoint.leftAt ??= now;
      if (isUnused(endpoint, now)) gone.push(endpoint);
    }
    for (const endpoint of gone) this.#byId.delete(endpoint.id);
    return gone;
  }

  #put(endpoint: Endpoint, weight: number): void {
    endpoint.weight = weight;
    endpoint.leftAt = undefined;
    this.#byId.set(endpoint.id, endpoint);
  }
}

/** Whether an endpoint is an address of this very name, port and path. */
export function belongs({ name, url, hostname }: Endpoint, source: DnsEndpoint): boolean {
  return name === source.dns && url === urlOf(source, hostname);
}

function isUnused({ inFlight, streams, unhealthy, leftAt }: Endpoint, now: number): boolean {
  return inFlight + streams === 0 && (unhealthy || now - (leftAt ?? now) > LONGEST_STAY_MS);
}

function urlOf({ protocol, port, path }: DnsEndpoint, address: string): string {
  return `${protocol}//${isIPv6(address) ? `[${address}]` : address}:${port}${path}`;
}

/** Twelve hex digits that name an endpoint in sealed session ids; not its address, and the same in every process. */
function endpointId(pool: string, place: string): string {
  return hash('sha256', `${pool}\n${place}`, 'hex').slice(0, 12);
}
