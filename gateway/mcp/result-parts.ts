// Result parts: takes a JSON-RPC answer apart at the few members that a cached copy must change, leaving the rest as bytes.
import type { ScanLimits } from './json-scanner.ts';
import { JsonScanner, ScanProblem } from './json-scanner.ts';
import { MetaKey } from './methods.ts';

/** A successful answer, taken apart. Member texts are raw JSON, joined by commas, without braces around them. */
export interface ResultParts {
  /** Raw JSON text of the id. */
  readonly id: string | undefined;
  readonly isError: boolean;
  /** Whether it has `structuredContent`. */
  readonly structured: boolean;
  readonly resultType: string | undefined;
  /** The freshness that the server states, in ms; undefined when it is absent or no whole number from 0 up. */
  readonly ttlMs: number | undefined;
  readonly cacheScope: string | undefined;
  /** True when a gateway has cut the result: the rest is kept for one client and a limited time. */
  readonly truncated: boolean;
  /** Members of `result._meta`, but for what the gateway itself and the stateless era put there. */
  readonly meta: string;
  /** The member of `result._meta` that names the server, or empty. */
  readonly serverInfo: string;
  /** The other members of `result`. */
  readonly members: Buffer;
}

/** An upstream's answer may be large: its size is bounded before it comes here. */
const limits: ScanLimits = { depth: 500, elements: 20_000_000 };

/** Takes an answer apart; undefined for errors and for anything that is no plain JSON-RPC result. */
export function resultParts(message: Buffer): ResultParts | undefined {
  const reader = new ResultReader(message, limits);
  try {
    return reader.read();
  } catch (problem) {
    if (problem instanceof ScanProblem) return undefined;
    throw problem;
  }
}

class ResultReader extends JsonScanner {
  #id: string | undefined;
  #isError = false;
  #structured = false;
  #resultType: string | undefined;
  #ttlMs: number | undefined;
  #cacheScope: string | undefined;
  #truncated = false;
  readonly #meta: string[] = [];
  #serverInfo = '';
  readonly #members: Buffer[] = [];
  #results = 0;

  read(): ResultParts | undefined {
    if (this.peek() !== 0x7b) return undefined;
    this.open(1);
    for (let first = true; this.nextKey(first); first = false) {
      const key = this.key();
      const start = this.pos;
      if (key === 'error') return undefined;
      if (key === 'result') {
        if (this.#results++ > 0 || this.bytes[start] !== 0x7b) return undefined;
        this.#result();
        continue;
      }
      this.value(1);
      if (key === 'id') this.#id = this.slice(start, this.pos);
    }
    this.finish();
    if (this.#results === 0) return undefined;
    return {
      id: this.#id,
      isError: this.#isError,
      structured: this.#structured,
      resultType: this.#resultType,
      ttlMs: this.#ttlMs,
      cacheScope: this.#cacheScope,
      truncated: this.#truncated,
      meta: this.#meta.join(','),
      serverInfo: this.#serverInfo,
      members: this.#joined(),
    };
  }

  #result(): void {
    const seen = new Set<string>();
    this.open(2);
    for (let first = true; this.nextKey(first); first = false) {
      const key = this.key();
      const keyStart = this.keyStart - 1;
      const start = this.pos;
      if (seen.has(key)) throw new ScanProblem('message', 'A member stands twice');
      seen.add(key);
      if (key === '_meta' && this.bytes[start] === 0x7b) {
        this.#readMeta();
        continue;
      }
      this.value(2);
      const text = () => this.slice(start, this.pos);
      if (key === 'resultType') this.#resultType = unquoted(text());
      else if (key === 'cacheScope') this.#cacheScope = unquoted(text());
      else if (key === 'ttlMs') this.#ttlMs = wholeNumber(text());
      else if (key !== '_meta') {
        if (key === 'isError') this.#isError = text() !== 'false';
        if (key === 'structuredContent') this.#structured = true;
        this.#members.push(this.bytes.subarray(keyStart, this.pos));
      }
    }
  }

  #readMeta(): void {
    this.open(3);
    for (let first = true; this.nextKey(first); first = false) {
      const key = this.key();
      const keyStart = this.keyStart - 1;
      this.value(3);
      const member = () => this.slice(keyStart, this.pos);
      if (key === MetaKey.serverInfo) this.#serverInfo = member();
      else if (key === MetaKey.truncated) this.#truncated = true;
      else if (key !== MetaKey.cache) this.#meta.push(member());
    }
  }

  /** Copied out, so that what is kept does not hold on to the buffers that the answer arrived in. */
  #joined(): Buffer {
    const commas = Math.max(0, this.#members.length - 1);
    const size = this.#members.reduce((sum, member) => sum + member.length, commas);
    const joined = Buffer.allocUnsafeSlow(size);
    let at = 0;
    for (const member of this.#members) {
      if (at > 0) joined[at++] = 0x2c;
      at += member.copy(joined, at);
    }
    return joined;
  }
}

function unquoted(text: string): string | undefined {
  const value: unknown = JSON.parse(text);
  return typeof value === 'string' ? value : undefined;
}

function wholeNumber(text: string): number | undefined {
  const value = Number(text);
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
