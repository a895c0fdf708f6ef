// Keep-alives: comments on quiet event streams, so that no proxy, balancer or client on the way takes them for dead.

/** A stream that can take a comment. */
export interface QuietStream {
  /** Monotonic ms of the last byte written. */
  readonly lastWriteAt: number;
  /** Writes a comment if the stream is between two events and its reader keeps up. */
  comment(): void;
}

/** A comment follows this much silence: below the 60 s at which common load balancers cut idle connections. */
const QUIET_MS = 15_000;
const CHECK_MS = 5_000;

/** One timer for all streams, running only while there are any. */
export class KeepAlives {
  readonly #streams = new Set<QuietStream>();
  #timer: NodeJS.Timeout | undefined;

  add(stream: QuietStream): void {
    this.#streams.add(stream);
    this.#timer ??= setInterval(() => this.#check(), CHECK_MS).unref();
  }

  delete(stream: QuietStream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #check(): void {
    const quietSince = performance.now() - QUIET_MS;
    for (const stream of this.#streams) {
      if (stream.lastWriteAt <= quietSince) stream.comment();
    }
  }
}
