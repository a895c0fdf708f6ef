// Refreshes in the background: an exchange of the gateway's own fetches what a client was just served stale.
import type { StreamSign } from '../core/exchange.ts';
import { Exchange } from '../core/exchange.ts';
import { refusal } from '../core/refusal.ts';
import type { Reply, Sink } from '../core/reply.ts';

/** Takes a stream that nobody reads, and ends its exchange with it. */
class Drain implements Sink {
  readonly #x: Exchange;
  constructor(x: Exchange) {
    this.#x = x;
  }
  write(): boolean {
    return true;
  }
  end(): void {
    this.#x.close();
  }
  fail(): void {
    this.#x.close();
  }
}

/**
 * Asks again what `of` asked, for the same principal in the same session, within `timeoutMs`. A server that asks the client
 * something meanwhile waits in vain: nobody is there.
 */
export function refreshLike(of: Exchange, timeoutMs: number, fetch: (x: Exchange) => Promise<Reply>): void {
  const x = new Exchange(of.inbound, of.era, of.readBody, performance.now());
  x.principal = of.principal;
  x.body = of.body;
  x.envelope = of.envelope;
  x.session = of.session;
  x.pinned = of.pinned;
  const timer = setTimeout(() => x.cancel(refusal('timeout')), timeoutMs);
  x.defer(() => clearTimeout(timer));
  x.follower = {
    heard(sign: StreamSign) {
      if (sign === 'asks_client') x.cancel(refusal('upstream_failed'));
    },
  };
  fetch(x).then(
    ({ body }) => {
      if (body === null || body instanceof Uint8Array) x.close();
      else body.start(new Drain(x));
    },
    () => x.close(),
  );
}
