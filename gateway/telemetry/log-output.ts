// Log output: gathers lines and writes them without ever blocking; what does not fit its buffer is dropped and counted.
import { once } from 'node:events';
import { destination } from 'pino';

/** Characters gathered before they are written, and the longest they wait, in ms: one write costs as much as 20 lines. */
const GATHER_CHARS = 16 * 1024;
const GATHER_MS = 20;
/** How long the last lines may take to go out, in ms. */
const FLUSH_MS = 1000;

/** Writes lines to a file descriptor or file. */
export class LogOutput {
  /** Lines dropped since start. */
  dropped = 0;
  readonly #stream: ReturnType<typeof destination>;
  readonly #onExit = (): void => this.#flushSync();
  #gathered = '';
  #timer: NodeJS.Timeout | undefined = undefined;
  #writing = false;
  #closed = false;

  /** `maxBytes` bounds what waits for a slow reader. */
  constructor(to: number | string, maxBytes: number) {
    this.#stream = destination({ dest: to, sync: false, minLength: 0, maxLength: maxBytes });
    this.#stream.on('drop', (text: string) => {
      this.dropped += text.split('\n').length - 1;
    });
    this.#stream.on('drain', () => {
      this.#writing = false;
    });
    // A reader that has gone is no reason to stop serving; its lines end up dropped.
    this.#stream.on('error', () => undefined);
    process.once('exit', this.#onExit);
  }

  /** Takes whole lines, each with its line feed. */
  write(lines: string): void {
    if (this.#closed) return;
    this.#gathered += lines;
    if (this.#gathered.length >= GATHER_CHARS) this.#pass();
    else this.#timer ??= setTimeout(() => this.#pass(), GATHER_MS).unref();
  }

  /** Writes what is left; gives up after a second when nobody reads. */
  async flush(): Promise<void> {
    this.#pass();
    if (!this.#writing) return;
    await once(this.#stream, 'drain', { signal: AbortSignal.timeout(FLUSH_MS) }).catch(() => undefined);
  }

  /** Writes what is left and takes no more. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.flush();
    process.off('exit', this.#onExit);
    this.#stream.end();
  }

  #pass(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#gathered;
    this.#gathered = '';
    if (lines === '') return;
    this.#writing = true;
    this.#stream.write(lines);
  }

  #flushSync(): void {
    this.#pass();
    try {
      this.#stream.flushSync();
    } catch {
      // The process is ending and its output is gone; there is nobody left to tell.
    }
  }
}
