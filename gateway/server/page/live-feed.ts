// The live feed: sends the fragments of the page that have changed to every open page, once a second.

/** Renders the fragments by id. */
export type RenderSections = () => Readonly<Record<string, string>>;

const TICK_MS = 1000;
/** Open pages; each costs a connection and little else, since all get the same text. */
const MAX_READERS = 50;
/** Updates that a page may be behind before it is cut off and has to come again. */
const MAX_BEHIND = 10;

type Reader = ReadableStreamDefaultController<Uint8Array>;

/** Works only while a page is open. */
export class LiveFeed {
  readonly #render: RenderSections;
  readonly #readers = new Set<Reader>();
  #shown: Readonly<Record<string, string>> = {};
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(render: RenderSections) {
    this.#render = render;
  }

  /** An event stream (WHATWG HTML, "Server-sent events"); undefined when there are too many. */
  open(): ReadableStream<Uint8Array> | undefined {
    if (this.#readers.size >= MAX_READERS) return undefined;
    let mine: Reader;
    return new ReadableStream<Uint8Array>(
      {
        start: (reader) => {
          mine = reader;
          if (this.#readers.size === 0) this.#shown = this.#render();
          this.#readers.add(reader);
          reader.enqueue(event(this.#shown));
          this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
        },
        cancel: () => this.#leave(mine),
      },
      { highWaterMark: MAX_BEHIND },
    );
  }

  #leave(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const now = this.#render();
    const changed = Object.entries(now).filter(([id, text]) => this.#shown[id] !== text);
    this.#shown = now;
    // An empty update still says that the gateway is there.
    const bytes = event(Object.fromEntries(changed));
    for (const reader of [...this.#readers]) {
      if ((reader.desiredSize ?? 0) > 0) reader.enqueue(bytes);
      else {
        this.#leave(reader);
        reader.close();
      }
    }
  }
}

function event(sections: Readonly<Record<string, string>>): Uint8Array {
  return Buffer.from(`data: ${JSON.stringify(sections)}\n\n`);
}
