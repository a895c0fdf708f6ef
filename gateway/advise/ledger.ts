// The ledger: tool calls as they end, live or from a log, added up by the minute so that any window can be read back.
import type { Call } from './calls.ts';
import { OTHER, Sums, WAITED_MS } from './calls.ts';
import { Histogram } from './histogram.ts';
import { Load } from './load.ts';
import type { CallFigures, ClientFigures, PoolFigures } from './snapshot.ts';

const MINUTE_MS = 60_000;
/** Tools at endpoints told apart in one minute, under 1 KB each; what comes after shares one by pool. */
const MAX_CELLS = 500;
const MAX_CLIENTS = 200;

class ClientSums {
  calls = 0;
  refused = 0;
  waited = 0;
  readonly waits = new Histogram();
}

/** What ended within one minute, or the part of it since a cut; cells by pool, tool and endpoint. */
class Minute {
  readonly from: number;
  readonly pools = new Map<string, Map<string, Map<string, Sums>>>();
  readonly clients = new Map<string, ClientSums>();
  cells = 0;

  constructor(from: number) {
    this.from = from;
  }
}

/** A cell and what leads to it. */
interface Place {
  readonly minute: Minute;
  readonly pool: string;
  readonly tool: string;
  readonly endpoint: string;
  readonly sums: Sums;
}

/** Adds calls up. Times are Unix ms. */
export class Ledger {
  readonly #keepMs: number;
  /** By the minute, the current part of each first. */
  readonly #minutes = new Map<number, Minute[]>();
  readonly #poolLoad = new Map<string, Load>();
  readonly #clientLoad = new Map<string, Load>();
  #firstAt = Number.POSITIVE_INFINITY;
  #lastAt = 0;
  #newest = 0;
  /** The part that calls go into, while they end within it. */
  #current: Minute | undefined;
  #currentEnd = 0;
  /** Where the last call went. */
  #last: Place | undefined;

  /** `keepMinutes`: how far back it can be read; what a log holds is kept whole. */
  constructor(keepMinutes = Number.POSITIVE_INFINITY) {
    this.#keepMs = keepMinutes * MINUTE_MS;
  }

  /** The end of the latest call. */
  get lastAt(): number {
    return this.#lastAt;
  }

  add(call: Call): void {
    const { at, pool, endpoint, tool, client, durationMs, upstreamMs, queueMs } = call;
    this.#firstAt = Math.min(this.#firstAt, at - durationMs);
    this.#lastAt = Math.max(this.#lastAt, at);
    const minute = this.#minuteOf(at);
    this.#cell(minute, pool, tool, endpoint ?? '').record(call);
    const who = minute.clients.has(client) || minute.clients.size < MAX_CLIENTS ? client : OTHER;
    const own = entry(minute.clients, who, newClient);
    own.calls++;
    if (call.errorType === 'too_many_concurrent') own.refused++;
    if (upstreamMs === undefined) return;
    if (queueMs > WAITED_MS) own.waited++;
    own.waits.record(queueMs);
    entry(this.#poolLoad, pool, newLoad).record(at, durationMs, upstreamMs);
    entry(this.#clientLoad, who, newLoad).record(at, durationMs, upstreamMs);
  }

  /** Makes an instant one that can be read from exactly. */
  cut(at: number): void {
    const index = Math.floor(at / MINUTE_MS);
    this.#minutes.set(index, [new Minute(at), ...(this.#minutes.get(index) ?? [])]);
    this.#current = undefined;
  }

  /** What ended between `since`, an instant that was cut, and `now`; without it all that is kept, in whole minutes. */
  read(now: number, since = 0): CallFigures {
    const from = Math.max(since, now - this.#keepMs, Math.min(this.#firstAt, now));
    const pools = new Map<string, Map<string, Map<string, Sums>>>();
    const clients = new Map<string, ClientSums>();
    for (const minute of this.#parts(from, since)) {
      for (const [pool, tools] of minute.pools) {
        for (const [tool, endpoints] of tools) {
          const sum = entry(entry(pools, pool, newMap<Map<string, Sums>>), tool, newMap<Sums>);
          for (const [endpoint, sums] of endpoints) entry(sum, endpoint, newSums).add(sums);
        }
      }
      for (const [client, own] of minute.clients) {
        const sum = entry(clients, client, newClient);
        sum.calls += own.calls;
        sum.refused += own.refused;
        sum.waited += own.waited;
        sum.waits.add(own.waits);
      }
    }
    return {
      windowS: (now - from) / 1000,
      pools: Array.from(
        pools,
        ([name, tools]): PoolFigures => ({
          name,
          cells: [...tools].flatMap(([tool, endpoints]) =>
            Array.from(endpoints, ([endpoint, sums]) => ({ tool, endpoint, sums })),
          ),
          levels: this.#poolLoad.get(name)?.levels(from, now) ?? [],
        }),
      ),
      clients: Array.from(
        clients,
        ([client, { calls, refused, waited, waits }]): ClientFigures => ({
          client,
          calls,
          refused,
          waited,
          waits,
          levels: this.#clientLoad.get(client)?.levels(from, now) ?? [],
        }),
      ),
    };
  }

  /** Calls of one kind mostly come in a row, and comparing names is cheaper than finding them. */
  #cell(minute: Minute, pool: string, tool: string, endpoint: string): Sums {
    const last = this.#last;
    if (last?.minute === minute && last.endpoint === endpoint && last.tool === tool && last.pool === pool)
      return last.sums;
    const sums = cellOf(minute, pool, tool, endpoint);
    this.#last = { minute, pool, tool, endpoint, sums };
    return sums;
  }

  *#parts(from: number, since: number): Iterable<Minute> {
    for (const [index, parts] of this.#minutes) {
      if ((index + 1) * MINUTE_MS <= from) continue;
      for (const part of parts) if (part.from >= since) yield part;
    }
  }

  #minuteOf(at: number): Minute {
    const current = this.#current;
    if (current !== undefined && at >= current.from && at < this.#currentEnd) return current;
    const index = Math.floor(at / MINUTE_MS);
    this.#current = this.#minute(index);
    this.#currentEnd = (index + 1) * MINUTE_MS;
    return this.#current;
  }

  #minute(index: number): Minute {
    if (index > this.#newest) {
      this.#newest = index;
      this.#forget(index * MINUTE_MS - this.#keepMs);
    }
    return entry(this.#minutes, index, newMinutes(index))[0] as Minute;
  }

  #forget(before: number): void {
    for (const index of this.#minutes.keys()) {
      if ((index + 1) * MINUTE_MS <= before) this.#minutes.delete(index);
    }
    for (const loads of [this.#poolLoad, this.#clientLoad]) {
      for (const [name, load] of loads) {
        load.forget(before);
        if (load.empty) loads.delete(name);
      }
    }
  }
}

function cellOf(minute: Minute, pool: string, tool: string, endpoint: string): Sums {
  const tools = entry(minute.pools, pool, newMap<Map<string, Sums>>);
  const known = tools.get(tool)?.get(endpoint);
  if (known !== undefined) return known;
  if (minute.cells >= MAX_CELLS) {
    return entry(entry(tools, OTHER, newMap<Sums>), '', newSums);
  }
  minute.cells++;
  return entry(entry(tools, tool, newMap<Sums>), endpoint, newSums);
}

const newMap = <V>(): Map<string, V> => new Map<string, V>();
const newSums = (): Sums => new Sums();
const newClient = (): ClientSums => new ClientSums();
const newMinutes = (index: number) => (): Minute[] => [new Minute(index * MINUTE_MS)];
const newLoad = (): Load => new Load();

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
