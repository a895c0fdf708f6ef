// Scans the members of a JSON-RPC message that count: each may stand once, and `_meta` is read for what it says.
import { lookalike } from './ambiguity.ts';
import type { MetaTrace } from './envelope.ts';
import { metaKeys } from './envelope-keys.ts';
import { JsonScanner, ScanProblem } from './json-scanner.ts';
import { MetaKey } from './methods.ts';

/** Ends the scan: this is JSON, but no message. */
export function bad(message: string): never {
  throw new ScanProblem('message', message);
}

/** A scanner that knows `_meta`. */
export class MetaScanner extends JsonScanner {
  /** A text was spelled with escapes, so it may hold what plain JSON text cannot. */
  escapes = false;
  claimed = false;
  revision: string | undefined;
  progressToken: string | undefined;
  trace: MetaTrace | undefined;
  cacheWish: string | undefined;

  /** Makes ready for the next message of a batch. */
  forget(): void {
    this.escapes = this.claimed = false;
    this.revision = this.progressToken = this.trace = this.cacheWish = undefined;
  }

  /** Reads a `_meta` object whose brace is next; `depth` is the nesting of what holds it. */
  meta(depth: number): void {
    let seen = 0;
    this.open(depth + 1);
    for (let first = true; this.nextKey(first); first = false) {
      const at = this.keyAmong(metaKeys);
      seen = this.once(seen, at, metaKeys);
      const key = metaKeys[at];
      const start = this.pos;
      switch (key) {
        case MetaKey.protocolVersion:
          this.claimed = true;
          this.revision = this.text(depth + 1);
          break;
        case MetaKey.cache:
          this.cacheWish = this.text(depth + 1);
          break;
        case MetaKey.traceparent:
        case MetaKey.tracestate:
          this.#traceField(key, start, depth + 1);
          break;
        default:
          this.value(depth + 1);
          if (key === MetaKey.progressToken) this.progressToken = this.slice(start, this.pos);
      }
    }
  }

  /** Parsers disagree on which of two equal keys counts, so a body with two in its envelope could be read in two ways. */
  once(seen: number, at: number, of: readonly string[]): number {
    if (at === -1) return seen;
    if ((seen & (1 << at)) !== 0) bad(`"${of[at]}" stands twice`);
    return seen | (1 << at);
  }

  refuseLookalike(of: readonly string[]): void {
    const member = lookalike(this.key(), of);
    if (member !== undefined) bad(`A key resembles "${member}" in all but case`);
  }

  /** A string value decoded; undefined, and consumed, when the value is of another type. */
  text(depth: number): string | undefined {
    const start = this.pos;
    if (this.bytes[start] !== 0x22) {
      this.value(depth);
      return undefined;
    }
    if (!this.string()) return this.slice(start + 1, this.pos - 1);
    this.escapes = true;
    return String(JSON.parse(this.slice(start, this.pos)));
  }

  /** Trace context is noted where it is a string (SEP-414); whether it is valid is the business of whoever traces. */
  #traceField(key: 'traceparent' | 'tracestate', start: number, depth: number): void {
    const isText = this.bytes[start] === 0x22;
    this.value(depth);
    if (!isText) return;
    this.trace ??= { traceparent: undefined, tracestate: undefined };
    this.trace[key] = { start, end: this.pos };
  }
}
