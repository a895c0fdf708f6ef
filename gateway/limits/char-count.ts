// Counts the characters of a JSON string while its bytes go by, escapes included, and finds where it must be cut.

const BACKSLASH = 0x5c;
const LETTER_U = 0x75;

/** Counts UTF-16 units, as JavaScript's `length` does: no client then counts more characters than we do. */
export class CharCount {
  chars = 0;
  /** Bytes of an escape still to come; -1 just behind its backslash. */
  #escape = 0;

  /**
   * Counts a part of the string. Returns how many of its bytes belong to the first `limit` characters of the whole
   * string: all of them while it is shorter.
   */
  part(raw: Buffer, limit: number): number {
    let cut = -1;
    for (let i = 0; i < raw.length; i++) {
      const c = raw[i] as number;
      if (this.#escape > 0) {
        this.#escape--;
        continue;
      }
      if (this.#escape === -1) {
        this.#escape = c === LETTER_U ? 4 : 0;
        continue;
      }
      // Bytes that go on with a character belong to the one before.
      if (c >= 0x80 && c < 0xc0) continue;
      if (cut === -1 && this.chars >= limit) cut = i;
      this.chars += c >= 0xf0 ? 2 : 1;
      if (c === BACKSLASH) this.#escape = -1;
    }
    return cut === -1 ? raw.length : cut;
  }
}

/** The text of a JSON string's bytes, of which the end may be missing: without the half of a surrogate pair. */
export function decodeCut(raw: string, limit: number): string {
  const text = String(JSON.parse(`"${raw}"`)).slice(0, limit);
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text;
}
