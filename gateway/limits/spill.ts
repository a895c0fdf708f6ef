// The spill: collects the whole text of a result while it passes, as the bytes of one JSON string.
import type { Spill } from './result-sieve.ts';

/** Between two texts: an empty line. */
const separator = Buffer.from('\\n\\n');

/** Collects texts up to a number of bytes; more than that is not kept at all, since half a text is what the client has. */
export class TextSpill implements Spill {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;
  #between = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  text(raw: Buffer): void {
    if (this.#between) this.#add(separator);
    this.#between = false;
    this.#add(raw);
  }

  textEnd(): void {
    this.#between = this.#bytes > 0;
  }

  /** What was collected; undefined when it was nothing or too much. */
  take(): Buffer | undefined {
    return this.#bytes === 0 || this.#bytes > this.#maxBytes ? undefined : Buffer.concat(this.#parts);
  }

  #add(raw: Buffer): void {
    this.#bytes += raw.length;
    if (this.#bytes > this.#maxBytes) this.#parts = [];
    else this.#parts.push(raw);
  }
}
