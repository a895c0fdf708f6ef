// Log output: gathers lines and writes them without ever blocking; what does not fit its buffer is dropped and counted.
import { type LogWriter, openLogWriter } from './log-writer.ts';

/** Bytes gathered before they are written, and the longest they wait, in ms: one write costs as much as many lines. */
const CHUNK_BYTES = 256 * 1024;
const GATHER_MS = 20;
/** How long the last lines may take to go out, in ms. */
const CLOSE_MS = 1000;
/** UTF-8 bytes that one UTF-16 unit can take. */
const MAX_BYTES_A_UNIT = 3;

/** Writes lines to a file descriptor or file. */
export class LogOutput {
  /** Lines dropped since start. */
  dropped = 0;
  readonly #writer: LogWriter;
  readonly #maxBytes: number;
  readonly #onExit = (): void => this.#writeOnExit();
  /** Lines are encoded as they come: kept as strings they would outlive the young generation. */
  #chunk: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #used = 0;
  /** A chunk that has been written, to be filled again. */
  #spare: Buffer | undefined = undefined;
  #full: Buffer[] = [];
  /** Bytes in full chunks, the one being written included. */
  #fullBytes = 0;
  #writing = false;
  #timer: NodeJS.Timeout | undefined = undefined;
  #idle: (() => void) | undefined = undefined;
  #closed = false;

  /** `maxBytes` bounds what waits for a slow reader. */
  constructor(to: number | string, maxBytes: number) {
    this.#writer = openLogWriter(to);
    this.#maxBytes = maxBytes;
    process.once('exit', this.#onExit);
  }

  /** Takes one line, with its line feed. */
  write(line: string): void {
    const most = line.length * MAX_BYTES_A_UNIT;
    if (this.#closed || this.#fullBytes + this.#used + most > this.#maxBytes) {
      this.dropped++;
      return;
    }
    if (this.#used + most > CHUNK_BYTES) this.#turn();
    if (most > CHUNK_BYTES) this.#queue(Buffer.from(line));
    else this.#used += this.#chunk.write(line, this.#used);
    if (!this.#writing) this.#schedule();
  }

  /** Takes no more and writes what is left; gives up after a second when nobody reads. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#writing) this.#next();
    if (this.#writing) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, CLOSE_MS);
      this.#idle = resolve;
      await promise;
      clearTimeout(timer);
    }
    process.off('exit', this.#onExit);
    this.#writer.close();
  }

  /** Queues what the chunk holds and begins another. */
  #turn(): void {
    if (this.#used === 0) return;
    this.#queue(this.#chunk.subarray(0, this.#used));
    this.#chunk = this.#spare ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.#spare = undefined;
    this.#used = 0;
  }

  #queue(bytes: Buffer): void {
    this.#full.push(bytes);
    this.#fullBytes += bytes.length;
  }

  /** Full chunks go at once, the rest when it has waited long enough. */
  #schedule(): void {
    if (this.#full.length > 0) this.#next();
    else this.#timer ??= setTimeout(() => this.#next(), GATHER_MS).unref();
  }

  #next(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#full.length === 0) this.#turn();
    const bytes = this.#full.shift();
    this.#writing = bytes !== undefined;
    if (bytes !== undefined) this.#writer.write(bytes, (error) => this.#written(bytes, error));
    else this.#idle?.();
  }

  #written(bytes: Buffer, error: Error | null | undefined): void {
    // A reader that has gone is no reason to stop serving.
    if (error != null) this.dropped += bytes.toString().split('\n').length - 1;
    this.#fullBytes -= bytes.length;
    if (bytes.buffer.byteLength === CHUNK_BYTES) this.#spare = Buffer.from(bytes.buffer);
    this.#writing = false;
    if (this.#closed) this.#next();
    else if (this.#full.length > 0 || this.#used > 0) this.#schedule();
  }

  /** A process that ends in a hurry still says why. */
  #writeOnExit(): void {
    this.#turn();
    try {
      for (const bytes of this.#full) this.#writer.writeNow(bytes);
    } catch {
      // Nobody reads any more, and there is nobody left to tell.
    }
  }
}
