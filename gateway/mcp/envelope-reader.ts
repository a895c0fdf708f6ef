// Reads envelopes from request bodies, in one strict pass over the bytes that builds nothing else.
import { isUtf8 } from 'node:buffer';
import { isAmbiguous, lookalike } from './ambiguity.ts';
import type { BadEnvelope, Envelope } from './envelope.ts';
import { noEnvelope } from './envelope.ts';
import { messageKeys, metaKeys, paramKeys } from './envelope-keys.ts';
import type { ScanLimits } from './json-scanner.ts';
import { JsonScanner, ScanProblem } from './json-scanner.ts';
import { MetaKey, nameSource } from './methods.ts';

/** Batches of 2025-03-26 may hold this many messages. */
const MAX_BATCH = 100;
/** Longest id, in bytes of its JSON text: it is kept, compared and echoed for as long as the exchange lasts. */
const MAX_ID_BYTES = 512;
/** How a string, a number or `null` begins. */
const idStarts = Buffer.from('"-0123456789n');

/** The members of `params` that can name what a request is about. */
type Names = Partial<Record<'name' | 'uri' | 'taskId', string | undefined>>;

/** Reads the envelope of a request body. */
export function readEnvelope(body: Buffer, limits?: ScanLimits): Envelope | BadEnvelope {
  if (!isUtf8(body)) return { problem: 'The body is not UTF-8', code: -32700, id: undefined };
  const reader = new EnvelopeReader(body, limits);
  try {
    const envelope = reader.document();
    reader.finish();
    return envelope;
  } catch (problem) {
    if (!(problem instanceof ScanProblem)) throw problem;
    const code = problem.kind === 'syntax' ? -32700 : -32600;
    return { problem: problem.message, code, id: reader.isBatch ? undefined : reader.rawId };
  }
}

function bad(message: string): never {
  throw new ScanProblem('message', message);
}

class EnvelopeReader extends JsonScanner {
  rawId: string | undefined;
  /** The document is an array: a fault in it is nobody's answer, whichever message it was found in. */
  isBatch = false;
  #nullId = false;
  /** A text was spelled with escapes, so it may hold what plain JSON text cannot. */
  #escapes = false;
  #method: string | undefined;
  #names: Names = {};
  #claimed = false;
  #revision: string | undefined;
  #progressToken: string | undefined;
  #requestId: string | undefined;
  #continued = false;
  #extended = false;
  #cacheWish: string | undefined;
  #argumentsStart = 0;
  #argumentsEnd = 0;

  document(): Envelope {
    const c = this.peek();
    if (c === 0x7b) return this.#message(0);
    if (c === 0x5b) return this.#batch();
    this.value(0);
    this.finish();
    return bad('A JSON-RPC message is an object');
  }

  #batch(): Envelope {
    const items: Envelope[] = [];
    this.isBatch = true;
    this.open(1);
    for (let first = true; this.nextElement(first); first = false) {
      if (this.peek() !== 0x7b) bad('A batch holds JSON-RPC messages');
      if (items.length === MAX_BATCH) bad(`A batch holds at most ${MAX_BATCH} messages`);
      items.push(this.#message(1));
      this.#reset();
    }
    if (items.length === 0) bad('The batch is empty');
    return { ...noEnvelope, kind: 'batch', items };
  }

  #reset(): void {
    this.rawId = undefined;
    this.#names = {};
    this.#claimed = this.#continued = this.#extended = this.#nullId = this.#escapes = false;
    this.#method = this.#revision = this.#progressToken = this.#requestId = undefined;
    this.#cacheWish = undefined;
    this.#argumentsStart = this.#argumentsEnd = 0;
  }

  #message(depth: number): Envelope {
    let seen = 0;
    let version: string | undefined;
    let answers = false;
    this.open(depth + 1);
    for (let first = true; this.nextKey(first); first = false) {
      const at = this.keyAmong(messageKeys);
      seen = this.#once(seen, at, messageKeys);
      switch (messageKeys[at]) {
        case 'jsonrpc':
          version = this.#text(depth + 1);
          break;
        case 'id':
          this.#id(depth + 1);
          break;
        case 'method':
          this.#method = this.#text(depth + 1) ?? bad('"method" must be a string');
          break;
        case 'params':
          if (this.bytes[this.pos] === 0x7b) this.#params(depth + 1);
          else this.value(depth + 1);
          break;
        case 'result':
        case 'error':
          if (answers) bad('A response has one "result" or one "error"');
          answers = true;
          this.value(depth + 1);
          break;
        default:
          this.#refuseLookalike(messageKeys);
          this.value(depth + 1);
      }
    }
    if (version !== '2.0') bad('"jsonrpc" must be "2.0"');
    return this.#envelope(answers);
  }

  #envelope(answers: boolean): Envelope {
    const method = this.#method;
    if (method === undefined && !answers) bad('The message has neither "method" nor "result" nor "error"');
    if (method !== undefined && answers) bad('The message is both a request and a response');
    if (method !== undefined && this.#nullId) bad('"id" must be a string or a number');
    const source = nameSource(method ?? '');
    const name = source && this.#names[source];
    if (this.#escapes && (isAmbiguous(method ?? '') || isAmbiguous(name ?? ''))) {
      bad('"method" or name holds control characters or half a surrogate pair');
    }
    return {
      kind: method === undefined ? 'response' : this.rawId === undefined ? 'notification' : 'request',
      method: method ?? '',
      id: this.rawId,
      name,
      claimed: this.#claimed,
      revision: this.#revision,
      progressToken: this.#progressToken,
      requestId: this.#requestId,
      continued: this.#continued,
      extended: this.#extended,
      cacheWish: this.#cacheWish,
      argumentsStart: this.#argumentsStart,
      argumentsEnd: this.#argumentsEnd,
      items: noEnvelope.items,
    };
  }

  #params(depth: number): void {
    let seen = 0;
    this.open(depth + 1);
    for (let first = true; this.nextKey(first); first = false) {
      const at = this.keyAmong(paramKeys);
      seen = this.#once(seen, at, paramKeys);
      const key = paramKeys[at];
      const start = this.pos;
      switch (key) {
        case 'name':
        case 'uri':
        case 'taskId':
          this.#names[key] = this.#text(depth + 1);
          break;
        case 'arguments':
          this.value(depth + 1);
          this.#argumentsStart = start;
          this.#argumentsEnd = this.pos;
          break;
        case '_meta':
          if (this.bytes[start] === 0x7b) this.#meta(depth + 1);
          else this.value(depth + 1);
          break;
        case 'requestId':
          this.value(depth + 1);
          this.#requestId = this.slice(start, this.pos);
          break;
        case 'inputResponses':
        case 'requestState':
          this.#continued = true;
          this.value(depth + 1);
          break;
        default:
          this.#extended = true;
          this.#refuseLookalike(paramKeys);
          this.value(depth + 1);
      }
    }
  }

  #meta(depth: number): void {
    let seen = 0;
    this.open(depth + 1);
    for (let first = true; this.nextKey(first); first = false) {
      const at = this.keyAmong(metaKeys);
      seen = this.#once(seen, at, metaKeys);
      const key = metaKeys[at];
      const start = this.pos;
      if (key === MetaKey.protocolVersion) {
        this.#claimed = true;
        this.#revision = this.#text(depth + 1);
      } else if (key === MetaKey.cache) {
        this.#cacheWish = this.#text(depth + 1);
      } else {
        this.value(depth + 1);
        if (key === MetaKey.progressToken) this.#progressToken = this.slice(start, this.pos);
      }
    }
  }

  /** Parsers disagree on which of two equal keys counts, so a body with two in its envelope could be read in two ways. */
  #once(seen: number, at: number, of: readonly string[]): number {
    if (at === -1) return seen;
    if ((seen & (1 << at)) !== 0) bad(`"${of[at]}" stands twice`);
    return seen | (1 << at);
  }

  #refuseLookalike(of: readonly string[]): void {
    const member = lookalike(this.key(), of);
    if (member !== undefined) bad(`A key resembles "${member}" in all but case`);
  }

  /** A string value decoded; undefined, and consumed, when the value is of another type. */
  #text(depth: number): string | undefined {
    const start = this.pos;
    if (this.bytes[start] !== 0x22) {
      this.value(depth);
      return undefined;
    }
    if (!this.string()) return this.slice(start + 1, this.pos - 1);
    this.#escapes = true;
    return String(JSON.parse(this.slice(start, this.pos)));
  }

  #id(depth: number): void {
    const start = this.pos;
    const c = this.bytes[start] ?? 0;
    if (!idStarts.includes(c)) bad('"id" must be a string or a number');
    this.value(depth);
    if (this.pos - start > MAX_ID_BYTES) bad(`"id" is longer than ${MAX_ID_BYTES} bytes`);
    // Only a response to what could not be read has a null id (JSON-RPC 2.0, "Response object").
    if (c === 0x6e) this.#nullId = true;
    else this.rawId = this.slice(start, this.pos);
  }
}
