// Cache look-ups: counts what the cache was asked, by pool, tool, method and outcome.
import type { CacheStatus } from '../core/exchange.ts';
import type { Counter, CounterSeries, Instruments } from './instruments.ts';
import { OTHER } from './operations.ts';

/** The series found so far; finding one anew would build its labels. */
type Found = Map<string, Map<string, Map<CacheStatus, CounterSeries>>>;

/** One counter, its series at hand. */
export class CacheLookups {
  readonly #counter: Counter;
  readonly #ofTools: Found = new Map();
  readonly #ofMethods: Found = new Map();

  constructor(instruments: Instruments) {
    this.#counter = instruments.counter('mcp_gateway_cache_lookups_total');
  }

  /** `tool`: a label, so bounded; empty for lists and reads, which their method tells apart. */
  add(pool: string, method: string, tool: string, result: CacheStatus): void {
    const found = tool === '' ? this.#ofMethods : this.#ofTools;
    const names = of(found, pool, () => new Map<string, Map<CacheStatus, CounterSeries>>());
    const results = of(names, tool || method, () => new Map<CacheStatus, CounterSeries>());
    const labels = () => ({ pool, tool: tool || OTHER, result, 'mcp.method.name': method });
    of(results, result, () => this.#counter.series(labels())).add();
  }
}

function of<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
