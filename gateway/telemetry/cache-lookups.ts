// Cache look-ups: counts what the cache was asked, by pool, tool and outcome.
import type { CacheStatus } from '../core/exchange.ts';
import type { Counter, CounterSeries, Instruments } from './instruments.ts';

/** The series found so far; finding one anew would build its labels. */
type Found = Map<string, Map<string, Map<CacheStatus, CounterSeries>>>;

/** One counter, its series at hand. */
export class CacheLookups {
  readonly #counter: Counter;
  readonly #found: Found = new Map();

  constructor(instruments: Instruments) {
    this.#counter = instruments.counter('mcp_gateway_cache_lookups_total');
  }

  /** `tool`: a label, so bounded; the method for lists and reads. */
  add(pool: string, tool: string, result: CacheStatus): void {
    const tools = of(this.#found, pool, () => new Map<string, Map<CacheStatus, CounterSeries>>());
    const results = of(tools, tool, () => new Map<CacheStatus, CounterSeries>());
    of(results, result, () => this.#counter.series({ pool, tool, result })).add();
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
