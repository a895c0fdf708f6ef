// Passed streams: streams of bytes on their way to the client, which whoever extends this looks at or changes.
import type { Refusal } from './refusal.ts';
import type { ByteStream, Sink } from './reply.ts';

/** A stream that passes on what `source` gives; `super.write`, `super.end` and `super.fail` reach the reader. */
export abstract class PassedStream implements ByteStream, Sink {
  readonly #source: ByteStream;
  #sink: Sink | undefined = undefined;

  constructor(source: ByteStream) {
    this.#source = source;
  }

  start(sink: Sink): void {
    this.#sink = sink;
    this.#source.start(this);
  }

  resume(): void {
    this.#source.resume();
  }

  get atBoundary(): boolean {
    return this.#source.atBoundary;
  }

  write(chunk: Uint8Array): boolean {
    return this.#sink?.write(chunk) ?? true;
  }

  end(): void {
    this.#sink?.end();
  }

  fail(why: Refusal): void {
    this.#sink?.fail(why);
  }
}
