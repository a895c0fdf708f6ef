// Response cap: keeps the results of tools within what a client's context can take.
import type { Config, PoolConfig } from '../../config/schema.ts';
import { EditedStream } from '../core/edited-stream.ts';
import type { Exchange } from '../core/exchange.ts';
import { Failure } from '../core/failure.ts';
import { refusal } from '../core/refusal.ts';
import type { ByteStream, Reply } from '../core/reply.ts';
import { withBody } from '../core/reply.ts';
import type { Stage } from '../core/stage.ts';
import type { RuleOf } from '../core/tool-rules.ts';
import { ruleFor } from '../core/tool-rules.ts';
import { Method } from '../mcp/methods.ts';
import { EventCap } from './event-cap.ts';
import { ResultSieve } from './result-sieve.ts';
import { newResultId, type ResultStore, resultUri } from './result-store.ts';
import { TextSpill } from './spill.ts';
import { isOver, render } from './truncate.ts';

export interface ResponseCapSettings {
  /** Characters that the result of `x` may have. */
  charsOf(x: Exchange): number;
  /** Undefined where full texts are not kept. */
  readonly results: ResultStore | undefined;
  readonly resultTtlMs: number;
  /** Most bytes of a text that is kept. */
  readonly maxBytes: number;
  /** Told of each truncation. */
  truncated(x: Exchange): void;
}

/** How many characters a pool's results may have: the tool's rule says first, then the client, the pool, and the limits. */
export function responseChars(
  pool: PoolConfig,
  limits: Config['limits'],
  ruleOf: RuleOf | undefined,
): (x: Exchange) => number {
  const general = pool.response_chars ?? limits.response_chars;
  return (x) => {
    const rule = ruleOf && ruleFor(x, ruleOf);
    return rule?.response_chars ?? x.principal.policy?.responseChars ?? general;
  };
}

/**
 * The stage. An answer of no more bytes than a result may have characters cannot be over, and passes untouched and unread;
 * that is nearly every one.
 */
export function responseCap(settings: ResponseCapSettings): Stage {
  return (next) => (x) => {
    if (x.envelope.method !== Method.toolsCall || x.envelope.kind !== 'request') return next(x);
    return next(x).then((reply) => capped(x, reply, settings));
  };
}

function capped(x: Exchange, reply: Reply, settings: ResponseCapSettings): Reply | Promise<Reply> {
  const { body } = reply;
  if (body === null || reply.refusal !== undefined) return reply;
  const limit = settings.charsOf(x);
  if (body instanceof Uint8Array) {
    if (body.byteLength <= limit) return reply;
    const cap = new AnswerCap(x, limit, settings);
    return cap.whole(reply, body as Buffer);
  }
  if (reply.sse) {
    const editor = new EventCap(limit, () => new AnswerCap(x, limit, settings), giveUpOn(x));
    return { ...reply, body: new EditedStream(body, editor) };
  }
  return collected(x, reply, body, new AnswerCap(x, limit, settings));
}

/** The answer as a whole, once it is: nothing is sent before, so that a break on the way is a clean error. */
function collected(x: Exchange, reply: Reply, body: ByteStream, cap: AnswerCap): Promise<Reply> {
  return new Promise((resolve) => {
    const giveUp = giveUpOn(x);
    body.start({
      write(chunk) {
        giveUp(() => cap.push(chunk as Buffer));
        return true;
      },
      end: () => resolve(cap.reply(reply)),
      fail: (why) => resolve(x.refuse(why)),
    });
  });
}

/** Runs what may find the answer unusable, and gives up on the upstream if it does. */
function giveUpOn(x: Exchange): (read: () => void) => void {
  return (read) => {
    try {
      read();
    } catch (problem) {
      if (!(problem instanceof Failure)) throw problem;
      x.cancel(refusal('upstream_failed', { message: problem.message }));
    }
  };
}

/** Reads one answer and cuts it where it is over. */
class AnswerCap {
  readonly #x: Exchange;
  readonly #limit: number;
  readonly #settings: ResponseCapSettings;
  readonly #spill: TextSpill | undefined;
  readonly #sieve: ResultSieve;

  constructor(x: Exchange, limit: number, settings: ResponseCapSettings) {
    this.#x = x;
    this.#limit = limit;
    this.#settings = settings;
    this.#spill = settings.results && new TextSpill(settings.maxBytes);
    this.#sieve = new ResultSieve(limit, this.#spill);
  }

  push(bytes: Buffer): void {
    this.#sieve.push(bytes);
  }

  /** The message: cut where it is over, else as it came but for space between tokens. */
  message(): Buffer {
    const x = this.#x;
    if (!isOver(this.#sieve, this.#limit)) return render(this.#sieve, this.#limit, undefined);
    x.truncated = true;
    this.#settings.truncated(x);
    return render(this.#sieve, this.#limit, this.#keep());
  }

  /** An answer that is here already. */
  whole(reply: Reply, body: Buffer): Reply {
    try {
      this.push(body);
    } catch (problem) {
      if (!(problem instanceof Failure)) throw problem;
      return this.#x.refuse(refusal('upstream_failed', { message: problem.message }));
    }
    return isOver(this.#sieve, this.#limit) ? this.reply(reply) : reply;
  }

  reply(reply: Reply): Reply {
    return withBody(reply, this.message());
  }

  /** Keeps the full text for its owner, and says where. */
  #keep() {
    const { results, resultTtlMs } = this.#settings;
    const raw = this.#spill?.take();
    if (results === undefined || raw === undefined) return undefined;
    const x = this.#x;
    const id = newResultId();
    results.put(id, { owner: ownerOf(x), raw }, resultTtlMs);
    const revision = x.envelope.revision ?? x.inbound.protocolVersion;
    return { uri: resultUri(id), asLink: x.era.resultForm(revision) !== 'plain' };
  }
}

/** Who may read what `x` leaves: its caller, who without a credential is no more than an address. */
export function ownerOf({ principal }: Exchange): string {
  return JSON.stringify([principal.binding, principal.id]);
}
