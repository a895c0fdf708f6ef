// Flights: the fetches under way, by key.
import type { Flight } from './single-flight.ts';
import { textHash } from './value-hash.ts';

const BUCKETS = 1024;

/**
 * Finds the flight of a key. A `Map` with such a turnover rebuilds its table all the time, and each table that V8 discards
 * keeps the next one and what is in it alive until the next full collection.
 */
export class Flights {
  readonly #buckets: (Flight | undefined)[] = new Array<undefined>(BUCKETS).fill(undefined);

  get(key: string): Flight | undefined {
    let flight = this.#buckets[bucketOf(key)];
    while (flight !== undefined && flight.key !== key) flight = flight.next;
    return flight;
  }

  /** Others can join `flight` from now on. */
  set(key: string, flight: Flight): void {
    const bucket = bucketOf(key);
    const before = this.get(key);
    if (before === flight) return;
    if (before !== undefined) this.delete(before);
    flight.key = key;
    flight.next = this.#buckets[bucket];
    this.#buckets[bucket] = flight;
  }

  /** Nobody can join it any more; does nothing where another one has taken its place. */
  delete(flight: Flight): void {
    const bucket = bucketOf(flight.key);
    let other = this.#buckets[bucket];
    if (other === flight) this.#buckets[bucket] = flight.next;
    else {
      while (other !== undefined && other.next !== flight) other = other.next;
      if (other !== undefined) other.next = flight.next;
    }
    flight.next = undefined;
  }
}

function bucketOf(key: string): number {
  return textHash(key, 0) & (BUCKETS - 1);
}
