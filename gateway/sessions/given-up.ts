// Given up: ends the wait of an exchange for something that goes on without it.
import type { Exchange } from '../core/exchange.ts';
import type { Refusal } from '../core/refusal.ts';

/** What `awaited` gives; the refusal where `x` has been given up, before or meanwhile. */
export function unlessGivenUp<T>(x: Exchange, awaited: Promise<T>): Promise<T | Refusal> {
  if (x.givenUp !== undefined) return Promise.resolve(x.givenUp);
  const cancelled = new Promise<Refusal>((resolve) => {
    x.running = { cancel: resolve };
  });
  return Promise.race([awaited, cancelled]).finally(() => {
    x.running = undefined;
  });
}
