// All closed: the wait for exchanges to come to their end, for what may not go before them.
import type { Exchange } from './exchange.ts';

/** Resolves when the last of these exchanges has closed; it holds nothing but them. */
export async function allClosed(exchanges: Iterable<Exchange>): Promise<void> {
  await Promise.all(Array.from(exchanges, (x) => new Promise<void>((resolve) => x.defer(() => resolve()))));
}
