// Splits an event stream into its events while the bytes arrive; nothing is copied, and nothing is kept.

const LF = 0x0a;
const CR = 0x0d;

/** Takes a piece of the event that is being read; `ends` is true when it is the event's last. */
export type EventPiece = (piece: Buffer, ends: boolean) => void;

/**
 * Finds the blank lines that end events (WHATWG HTML, "Server-sent events"). A line feed that belongs to a carriage
 * return at the end of the piece before opens the next event, which is harmless there.
 */
export class SseSplitter {
  readonly #onPiece: EventPiece;
  #lineEmpty = true;
  #eventEmpty = true;
  #afterCr = false;

  constructor(onPiece: EventPiece) {
    this.#onPiece = onPiece;
  }

  push(chunk: Buffer): void {
    const length = chunk.length;
    let start = 0;
    let pos = 0;
    let cr = chunk.indexOf(CR);
    let lf = chunk.indexOf(LF);
    while (pos < length) {
      if (this.#afterCr) {
        this.#afterCr = false;
        if (chunk[pos] === LF) {
          pos++;
          continue;
        }
      }
      if (cr !== -1 && cr < pos) cr = chunk.indexOf(CR, pos);
      if (lf !== -1 && lf < pos) lf = chunk.indexOf(LF, pos);
      const end = lf === -1 ? (cr === -1 ? length : cr) : cr !== -1 && cr < lf ? cr : lf;
      if (end > pos) this.#lineEmpty = this.#eventEmpty = false;
      if (end === length) break;
      pos = end + 1;
      if (end === cr) {
        if (chunk[pos] === LF) pos++;
        else this.#afterCr = pos === length;
      }
      if (this.#lineEmpty && !this.#eventEmpty) {
        this.#onPiece(chunk.subarray(start, pos), true);
        start = pos;
        this.#eventEmpty = true;
      }
      this.#lineEmpty = true;
    }
    if (start < length) this.#onPiece(chunk.subarray(start, length), false);
  }
}
