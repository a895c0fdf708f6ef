// Reads envelopes from request bodies, in one strict pass over the bytes that builds nothing else.
import { isUtf8 } from 'node:buffer';
import type { BadEnvelope, Envelope } from './envelope.ts';
import { noEnvelope } from './envelope.ts';
import type { ScanLimits } from './json-scanner.ts';
import { JsonScanner, ScanProblem } from './json-scanner.ts';
import { MetaKey } from './methods.ts';

/** Batches of 2025-03-26 may hold this many messages. */
const MAX_BATCH = 100;

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
    return { problem: problem.message, code: problem.kind === 'syntax' ? -32700 : -32600, id: reader.rawId };
  }
}

function bad(message: string): never {
  throw new ScanProblem('repeated', message);
}

class EnvelopeReader extends JsonScanner {
  rawId: string | undefined;
  #method: string | undefined;
  #name: string | undefined;
  #uri: string | undefined;
  #taskId: string | undefined;
  #claimed = false;
  #revision: string | undefined;
  #progressToken: string | undefined;
  #requestId: string | undefined;
  #continued = false;
  #argumentsStart = 0;
  #argumentsEnd = 0;

  document(): Envelope {
    const c = this.peek();
    if (c === 0x7b) return this.#message(0);
    if (c === 0x5b) return this.#batch();
    if (c === -1) this.fail();
    this.value(0);
    this.finish();
    return bad('A JSON-RPC message is an object');
  }

  #batch(): Envelope {
    const items: Envelope[] = [];
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
    this.#method = this.#name = this.#uri = this.#taskId = undefined;
    this.#claimed = this.#continued = false;
    this.#revision = this.#progressToken = this.#requestId = undefined;
    this.#argumentsStart = this.#argumentsEnd = 0;
  }

  #message(depth: number): Envelope {
    let seen = 0;
    let version = '';
    let answers = false;
    this.open(depth + 1);
    for (let first = true; this.nextKey(first); first = false) {
      const key = this.key();
      const start = this.pos;
      switch (key) {
        case 'jsonrpc':
          seen = this.#once(seen, 1, key);
          this.value(depth + 1);
          version = this.slice(start, this.pos);
          break;
        case 'id':
          seen = this.#once(seen, 2, key);
          this.rawId = this.#scalar(depth + 1);
          break;
        case 'method':
          seen = this.#once(seen, 4, key);
          this.#method = this.#text(depth + 1) ?? bad('"method" must be a string');
          break;
        case 'params':
          seen = this.#once(seen, 8, key);
          if (this.bytes[start] === 0x7b) this.#params(depth + 1);
          else this.value(depth + 1);
          break;
        case 'result':
          seen = this.#once(seen, 16, key);
          answers = true;
          this.value(depth + 1);
          break;
        case 'error':
          seen = this.#once(seen, 32, key);
          answers = true;
          this.value(depth + 1);
          break;
        default:
          this.value(depth + 1);
      }
    }
    if (version !== '"2.0"') bad('"jsonrpc" must be "2.0"');
    return this.#envelope(answers);
  }

  #envelope(answers: boolean): Envelope {
    const method = this.#method;
    if (method === undefined && !answers) bad('The message has neither "method" nor "result" nor "error"');
    if (method !== undefined && answers) bad('The message is both a request and a response');
    return {
      kind: method === undefined ? 'response' : this.rawId === undefined ? 'notification' : 'request',
      method: method ?? '',
      id: this.rawId,
      name: this.#name ?? this.#uri ?? this.#taskId,
      claimed: this.#claimed,
      revision: this.#revision,
      progressToken: this.#progressToken,
      requestId: this.#requestId,
      continued: this.#continued,
      argumentsStart: this.#argumentsStart,
      argumentsEnd: this.#argumentsEnd,
      items: noEnvelope.items,
    };
  }

  #params(depth: number): void {
    let seen = 0;
    this.open(depth + 1);
    for (let first = true; this.nextKey(first); first = false) {
      const key = this.key();
      const start = this.pos;
      switch (key) {
        case 'name':
          seen = this.#once(seen, 1, key);
          this.#name = this.#text(depth + 1);
          break;
        case 'uri':
          seen = this.#once(seen, 2, key);
          this.#uri = this.#text(depth + 1);
          break;
        case 'taskId':
          seen = this.#once(seen, 4, key);
          this.#taskId = this.#text(depth + 1);
          break;
        case 'arguments':
          seen = this.#once(seen, 8, key);
          this.value(depth + 1);
          this.#argumentsStart = start;
          this.#argumentsEnd = this.pos;
          break;
        case '_meta':
          seen = this.#once(seen, 16, key);
          if (this.bytes[start] === 0x7b) this.#meta(depth + 1);
          else this.value(depth + 1);
          break;
        case 'requestId':
          seen = this.#once(seen, 32, key);
          this.value(depth + 1);
          this.#requestId = this.slice(start, this.pos);
          break;
        case 'inputResponses':
        case 'requestState':
          this.#continued = true;
          this.value(depth + 1);
          break;
        default:
          this.value(depth + 1);
      }
    }
  }

  #meta(depth: number): void {
    let seen = 0;
    this.open(depth + 1);
    for (let first = true; this.nextKey(first); first = false) {
      const key = this.key();
      const start = this.pos;
      if (key === MetaKey.protocolVersion) {
        seen = this.#once(seen, 1, key);
        this.#claimed = true;
        this.#revision = this.#text(depth + 1);
      } else {
        this.value(depth + 1);
        if (key === MetaKey.progressToken) this.#progressToken = this.slice(start, this.pos);
      }
    }
  }

  /** Parsers disagree on which of two equal keys counts, so a body that has two in its envelope could be read in two ways. */
  #once(seen: number, bit: number, key: string): number {
    if ((seen & bit) !== 0) bad(`"${key}" stands twice`);
    return seen | bit;
  }

  /** A string value decoded; undefined, and consumed, when the value is of another type. */
  #text(depth: number): string | undefined {
    const start = this.pos;
    if (this.bytes[start] !== 0x22) {
      this.value(depth);
      return undefined;
    }
    const escaped = this.string();
    if (escaped) return String(JSON.parse(this.slice(start, this.pos)));
    return this.slice(start + 1, this.pos - 1);
  }

  #scalar(depth: number): string {
    const start = this.pos;
    const c = this.bytes[start] ?? 0;
    if (c !== 0x22 && c !== 0x2d && !(c >= 0x30 && c <= 0x39)) bad('"id" must be a string or a number');
    this.value(depth);
    return this.slice(start, this.pos);
  }
}
