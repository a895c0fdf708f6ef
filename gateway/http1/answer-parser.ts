// The answer parser: reads HTTP/1.1 answers off a connection, piece by piece, and hands their bodies on as they are.
import type { AnswerHead } from './answer-head.ts';
import { readAnswerHead } from './answer-head.ts';
import { HttpFault, notHttp } from './http-fault.ts';

/** What comes of the bytes. A method may stop the parser by calling `stop`. */
export interface AnswerEvents {
  /** Also for interim answers (1xx), whose heads have no body and no end. */
  onHead(head: AnswerHead): void;
  onBody(bytes: Buffer): void;
  /** `surplus`: bytes came behind the answer that belong to nothing; whatever comes over this connection is suspect. */
  onEnd(surplus: boolean): void;
}

/** Bytes that a head may have, and all trailers of one answer; as in Node. */
const MAX_HEAD_BYTES = 16 * 1024;
/** Times that a server may say "100 Continue" to one request. */
const MAX_CONTINUES = 10;
/** A chunk's size line: hexadecimal digits and extensions, which nobody uses. */
const MAX_LINE_BYTES = 1024;

const VERSION = 'HTTP/1.';
const HEAD_END = Buffer.from('\r\n\r\n');
const sizeLine = /^([0-9A-Fa-f]{1,12})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/;
/** Trailers are read and forgotten, but for those that no trailer may be (RFC 9110 §6.5.1). */
const trailer =
  /^(?!(?:content-length|transfer-encoding)\s*:)[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/i;
const none: Buffer = Buffer.alloc(0);

type State = 'idle' | 'head' | 'fixed' | 'close' | 'size' | 'chunk' | 'chunk_end' | 'trailers' | 'done';

/** One connection's reader. */
export class AnswerParser {
  readonly #events: AnswerEvents;
  #state: State = 'idle';
  /** Bytes of the body, or of the chunk, that are still to come. */
  #left = 0;
  /** The beginning of a head or line that is not whole yet. */
  #partial: Buffer = none;
  #trailerBytes = 0;
  #continues = 0;
  #stopped = false;
  /** Chunks of what came last, which are handed on together: of chunks of a byte each, each would cost a buffer of its own. */
  #chunks: Buffer[] = [];

  constructor(events: AnswerEvents) {
    this.#events = events;
  }

  /** Whether an answer is awaited or under way. */
  get busy(): boolean {
    return this.#state !== 'idle';
  }

  /** A request is being sent: its answer is to come. */
  expect(): void {
    this.#state = 'head';
    this.#trailerBytes = 0;
    this.#continues = 0;
  }

  /** Takes no more bytes. */
  stop(): void {
    this.#stopped = true;
  }

  /** Throws an `HttpFault` where the bytes are no answer to anything. */
  push(bytes: Buffer): void {
    try {
      this.#read(bytes);
    } finally {
      this.#handOn();
    }
  }

  #handOn(): void {
    if (this.#chunks.length === 0) return;
    const [first] = this.#chunks;
    const bytes = this.#chunks.length === 1 ? (first as Buffer) : Buffer.concat(this.#chunks);
    this.#chunks = [];
    if (!this.#stopped) this.#events.onBody(bytes);
  }

  #read(bytes: Buffer): void {
    let chunk = bytes;
    if (this.#partial.length > 0) {
      chunk = Buffer.concat([this.#partial, bytes]);
      this.#partial = none;
    }
    let pos = 0;
    while (pos < chunk.length && !this.#stopped) {
      switch (this.#state) {
        case 'fixed':
        case 'chunk':
          pos = this.#content(chunk, pos);
          break;
        case 'close':
          this.#events.onBody(pos === 0 ? chunk : chunk.subarray(pos));
          return;
        case 'idle':
          throw notHttp('Bytes came that nothing had asked for');
        case 'head':
          pos = this.#head(chunk, pos);
          break;
        default:
          pos = this.#line(chunk, pos);
      }
      if (pos === -1) return;
      if (this.#state === 'done') return this.#end(pos < chunk.length);
    }
  }

  /** The connection has ended, which may be how the body ends; throws where it is not. */
  finish(): void {
    if (this.#state === 'close') this.#end(false);
    else if (this.#state !== 'idle') throw new HttpFault('closed', 'The peer closed the connection');
  }

  /** Where to go on; -1 when more bytes are needed. */
  #head(chunk: Buffer, pos: number): number {
    const end = chunk.indexOf(HEAD_END, pos);
    if ((end === -1 ? chunk.length : end) - pos > MAX_HEAD_BYTES) throw notHttp('The head is too long');
    if (end === -1) {
      // What speaks another protocol may wait for an answer of ours, and would be found out by the timeout only.
      if (chunk.length - pos >= VERSION.length && chunk.indexOf(VERSION, pos, 'latin1') !== pos) {
        throw notHttp('The status line is none');
      }
      this.#partial = chunk.subarray(pos);
      return -1;
    }
    const head = readAnswerHead(chunk.toString('latin1', pos, end));
    const { status, framing } = head;
    if (status === 101) throw notHttp('The protocol is switched, though nobody asked');
    // 100 answers an expectation that is never sent; a client must bear it nevertheless (RFC 9110 §15.2).
    if (status === 100 && ++this.#continues > MAX_CONTINUES)
      throw notHttp('The request is told to go on and on');
    if (status >= 200) {
      if (framing === 'chunked') this.#state = 'size';
      else if (framing === 'close') this.#state = 'close';
      else {
        this.#state = 'fixed';
        this.#left = framing;
      }
    }
    this.#events.onHead(head);
    if (this.#state === 'fixed' && this.#left === 0) this.#state = 'done';
    return end + HEAD_END.length;
  }

  #content(chunk: Buffer, pos: number): number {
    const stop = Math.min(chunk.length, pos + this.#left);
    this.#left -= stop - pos;
    const piece = chunk.subarray(pos, stop);
    if (this.#state === 'chunk') this.#chunks.push(piece);
    else this.#events.onBody(piece);
    if (this.#left === 0) this.#state = this.#state === 'chunk' ? 'chunk_end' : 'done';
    return stop;
  }

  #line(chunk: Buffer, pos: number): number {
    const end = chunk.indexOf('\r\n', pos, 'latin1');
    if ((end === -1 ? chunk.length : end) - pos > MAX_LINE_BYTES) throw notHttp('A line is too long');
    if (end === -1) {
      this.#partial = chunk.subarray(pos);
      return -1;
    }
    const line = chunk.toString('latin1', pos, end);
    if (this.#state === 'chunk_end') {
      if (line !== '') throw notHttp('A chunk is longer than it says');
      this.#state = 'size';
    } else if (this.#state === 'size') this.#beginChunk(line);
    else if (line === '') this.#state = 'done';
    else {
      if (!trailer.test(line)) throw notHttp('A trailer is none, or would say where the answer ends');
      this.#trailerBytes += line.length;
      if (this.#trailerBytes > MAX_HEAD_BYTES) throw notHttp('The trailers are too long');
    }
    return end + 2;
  }

  #beginChunk(line: string): void {
    const size = sizeLine.exec(line)?.[1];
    if (size === undefined) throw notHttp('A chunk has no size');
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? 'trailers' : 'chunk';
  }

  #end(surplus: boolean): void {
    this.#handOn();
    this.#state = 'idle';
    if (!this.#stopped) this.#events.onEnd(surplus);
  }
}
