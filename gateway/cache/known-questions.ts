// Known questions: the keys of calls that were answered from memory lately, found by the bytes of their arguments.
import type { Exchange } from '../core/exchange.ts';
import type { Plan } from './rules.ts';
import { sampleHash } from './value-hash.ts';

const SLOTS = 1024;
const MAX_BYTES = 256;

/**
 * Saves the canonical form of arguments and its digest, 3 us, where the same client asks in the same words again. Only hits
 * are kept, in memory of a fixed size: a flood of questions asked once costs nothing.
 */
export class KnownQuestions {
  readonly #bytes = new Uint8Array(SLOTS * MAX_BYTES);
  readonly #lengths = new Int32Array(SLOTS);
  readonly #plans = new Array<Plan | undefined>(SLOTS).fill(undefined);
  readonly #whats = new Array<string>(SLOTS).fill('');

  /** The hash of what `x` asks under `plan`; undefined when it is not known. */
  find({ body, envelope }: Exchange, plan: Plan): string | undefined {
    if (body === undefined || plan.isList) return undefined;
    const { argumentsStart: start, argumentsEnd: end } = envelope;
    const length = end - start;
    if (length > MAX_BYTES) return undefined;
    const slot = slotOf(body, start, end);
    if (this.#plans[slot] !== plan || this.#lengths[slot] !== length) return undefined;
    const from = slot * MAX_BYTES;
    for (let i = 0; i < length; i++) if (this.#bytes[from + i] !== body[start + i]) return undefined;
    return this.#whats[slot];
  }

  /** Remembers `what` until another question takes its slot. */
  keep({ body, envelope }: Exchange, plan: Plan, what: string): void {
    if (body === undefined || plan.isList) return;
    const { argumentsStart: start, argumentsEnd: end } = envelope;
    if (end - start > MAX_BYTES) return;
    const slot = slotOf(body, start, end);
    body.copy(this.#bytes, slot * MAX_BYTES, start, end);
    this.#lengths[slot] = end - start;
    this.#plans[slot] = plan;
    this.#whats[slot] = what;
  }
}

function slotOf(bytes: Buffer, start: number, end: number): number {
  return sampleHash(bytes, start, end, 0) & (SLOTS - 1);
}
