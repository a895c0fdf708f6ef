// Invalidate: the stage that purges tags when a tool that changes what they stand for has done so.
import type { Exchange } from '../core/exchange.ts';
import { PassedStream } from '../core/passed-stream.ts';
import type { Refusal } from '../core/refusal.ts';
import type { ByteStream, Reply } from '../core/reply.ts';
import type { Stage } from '../core/stage.ts';
import type { Envelope } from '../mcp/envelope.ts';
import { Method } from '../mcp/methods.ts';
import type { Cache } from './cache.ts';
import type { PoolRules } from './rules.ts';
import { tagOf } from './tags.ts';

/** The stage. A call whose outcome is unknown may have succeeded, so it purges too. */
export function invalidate(cache: Cache, rules: PoolRules): Stage {
  return (next) => (x) => {
    const tags = tagsOf(x, rules);
    if (tags === undefined) return next(x);
    const purge = () => {
      // Which calls of a batch have failed is not known here.
      if (x.envelope.kind === 'batch' || mayHaveSucceeded(x)) cache.purge(tags.map(tagOf.named));
    };
    return next(x).then((reply) => after(x, reply, purge));
  };
}

/** What the calls of an exchange invalidate; undefined where nothing. */
function tagsOf({ envelope }: Exchange, rules: PoolRules): readonly string[] | undefined {
  if (envelope.kind !== 'batch') return tagsOfCall(envelope, rules);
  const tags = envelope.items.flatMap((item) => tagsOfCall(item, rules) ?? []);
  return tags.length === 0 ? undefined : tags;
}

function tagsOfCall({ method, name }: Envelope, rules: PoolRules): readonly string[] | undefined {
  return method === Method.toolsCall && name !== undefined ? rules.invalidates(name) : undefined;
}

function after(x: Exchange, reply: Reply, purge: () => void): Reply {
  const { body } = reply;
  if (body !== null && !(body instanceof Uint8Array)) return { ...reply, body: new Watched(x, body, purge) };
  purge();
  return reply;
}

/** Refusals after which the upstream may have done what it was asked. */
const unknownOutcomes: ReadonlySet<string> = new Set(['upstream_failed', 'timeout', 'cancelled', 'draining']);

function mayHaveSucceeded({ errorType }: Exchange): boolean {
  return errorType === undefined || unknownOutcomes.has(errorType);
}

/** A stream that says when the answer has come, before its reader learns of it. */
class Watched extends PassedStream {
  readonly #x: Exchange;
  #answered: (() => void) | undefined;

  constructor(x: Exchange, source: ByteStream, answered: () => void) {
    super(source);
    this.#x = x;
    this.#answered = answered;
  }

  override write(chunk: Uint8Array): boolean {
    if (this.#x.replied) this.#tell();
    return super.write(chunk);
  }

  override end(): void {
    this.#tell();
    super.end();
  }

  override fail(why: Refusal): void {
    this.#tell();
    super.fail(why);
  }

  #tell(): void {
    this.#answered?.();
    this.#answered = undefined;
  }
}
