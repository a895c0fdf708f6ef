// Reads envelopes from request bodies, in one strict pass over the bytes that builds nothing else.
import { isUtf8 } from 'node:buffer';
import { isAmbiguous } from './ambiguity.ts';
import type { BadEnvelope, Envelope } from './envelope.ts';
import { noEnvelope } from './envelope.ts';
import { messageKeys, paramKeys } from './envelope-keys.ts';
import { ErrorCode } from './error-codes.ts';
import type { ScanLimits } from './json-scanner.ts';
import { ScanProblem } from './json-scanner.ts';
import { bad, MetaScanner } from './meta-scanner.ts';
import { nameSource } from './methods.ts';

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
  if (!isUtf8(body)) return { problem: 'The body is not UTF-8', code: ErrorCode.parseError, id: undefined };
  const reader = new EnvelopeReader(body, limits);
  try {
    const envelope = reader.document();
    reader.finish();
    return envelope;
  } catch (problem) {
    if (!(problem instanceof ScanProblem)) throw problem;
    const code = problem.kind === 'syntax' ? ErrorCode.parseError : ErrorCode.invalidRequest;
    return { problem: problem.message, code, id: reader.isBatch ? undefined : reader.rawId };
  }
}

class EnvelopeReader extends MetaScanner {
  rawId: string | undefined;
  /** The document is an array: a fault in it is nobody's answer, whichever message it was found in. */
  isBatch = false;
  #nullId = false;
  #method: string | undefined;
  #names: Names = {};
  #requestId: string | undefined;
  #continued = false;
  #extended = false;
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
    this.forget();
    this.#continued = this.#extended = this.#nullId = false;
    this.#method = this.#requestId = undefined;
    this.#argumentsStart = this.#argumentsEnd = 0;
  }

  #message(depth: number): Envelope {
    let seen = 0;
    let version: string | undefined;
    let answers = false;
    this.open(depth + 1);
    for (let first = true; this.nextKey(first); first = false) {
      const at = this.keyAmong(messageKeys);
      seen = this.once(seen, at, messageKeys);
      switch (messageKeys[at]) {
        case 'jsonrpc':
          version = this.text(depth + 1);
          break;
        case 'id':
          this.#id(depth + 1);
          break;
        case 'method':
          this.#method = this.text(depth + 1) ?? bad('"method" must be a string');
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
          this.refuseLookalike(messageKeys);
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
    if (this.escapes && (isAmbiguous(method ?? '') || isAmbiguous(name ?? ''))) {
      bad('"method" or name holds control characters or half a surrogate pair');
    }
    return {
      kind: method === undefined ? 'response' : this.rawId === undefined ? 'notification' : 'request',
      method: method ?? '',
      id: this.rawId,
      name,
      claimed: this.claimed,
      revision: this.revision,
      progressToken: this.progressToken,
      trace: this.trace,
      requestId: this.#requestId,
      continued: this.#continued,
      extended: this.#extended,
      cacheWish: this.cacheWish,
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
      seen = this.once(seen, at, paramKeys);
      const key = paramKeys[at];
      const start = this.pos;
      switch (key) {
        case 'name':
        case 'uri':
        case 'taskId':
          this.#names[key] = this.text(depth + 1);
          break;
        case 'arguments':
          this.value(depth + 1);
          this.#argumentsStart = start;
          this.#argumentsEnd = this.pos;
          break;
        case '_meta':
          if (this.bytes[start] === 0x7b) this.meta(depth + 1);
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
          this.refuseLookalike(paramKeys);
          this.value(depth + 1);
      }
    }
  }

  #id(depth: number): void {
    const start = this.pos;
    const c = this.bytes[start] ?? 0;
    this.value(depth);
    if (!idStarts.includes(c)) bad('"id" must be a string or a number');
    if (this.pos - start > MAX_ID_BYTES) bad(`"id" is longer than ${MAX_ID_BYTES} bytes`);
    // Only a response to what could not be read has a null id (JSON-RPC 2.0, "Response object").
    if (c === 0x6e) this.#nullId = true;
    else this.rawId = this.slice(start, this.pos);
  }
}
