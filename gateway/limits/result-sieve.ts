// The sieve: reads an answer to a tool call of any size and keeps no more of it than a truncated result can need.
import { Failure } from '../core/failure.ts';
import type { TokenReader } from '../mcp/json-tokens.ts';
import { JsonTokens } from '../mcp/json-tokens.ts';
import { ResultItem } from './result-item.ts';
import { StructuredContent } from './structured-content.ts';

/** Where the full text goes while it passes; raw JSON string bytes, without quotes. */
export interface Spill {
  text(raw: Buffer): void;
  /** A text ends. */
  textEnd(): void;
}

/** What an answer may hold besides content, in bytes, and how deep it may nest. */
const MAX_FRAME = 1024 * 1024;
const MAX_DEPTH = 512;

type Section = 'frame' | 'content' | 'structured';

/** Reads one JSON-RPC message. What is outside `result.content` and `result.structuredContent` is kept as it is. */
export class ResultSieve implements TokenReader {
  /** The message around the content, in the order of its parts. */
  readonly before: string[] = [];
  readonly items: ResultItem[] = [];
  /** Characters of the content, kept or not. */
  chars = 0;
  /** Items came that are only counted. */
  dropped = false;
  structured: StructuredContent | undefined = undefined;
  /** Position in `before` of the content's items, of the structured content, and behind the brace of `_meta`; -1: none. */
  contentAt = -1;
  structuredAt = -1;
  metaAt = -1;
  metaEmpty = false;
  /** Position in `before` of the brace that closes the result; -1: there is no result object. */
  resultEnd = -1;
  resultEmpty = true;
  readonly #limit: number;
  readonly #spill: Spill | undefined;
  readonly #tokens = new JsonTokens(this);
  readonly #isObject: boolean[] = [];
  readonly #keys: string[] = [];
  #section: Section = 'frame';
  #item: ResultItem | undefined = undefined;
  #expectKey = false;
  #isKey = false;
  #key = '';
  #frame = 0;
  #kept = 0;
  /** Characters that may still be kept. */
  #room: number;

  constructor(limit: number, spill: Spill | undefined) {
    this.#limit = limit;
    this.#room = limit;
    this.#spill = spill;
  }

  push(chunk: Buffer): void {
    this.#tokens.push(chunk);
  }

  open(isObject: boolean): void {
    const depth = this.#isObject.length;
    if (depth >= MAX_DEPTH)
      throw new Failure('unusable', true, 'The upstream server nests its answer too deep');
    const path = depth === 2 && this.#keys[0] === 'result' ? (this.#keys[1] ?? '') : '';
    this.#isObject.push(isObject);
    this.#keys.push('');
    this.#expectKey = isObject;
    if (this.#section === 'content') {
      if (this.#item === undefined) this.#begin();
      this.#item?.open(isObject);
    } else if (this.#section === 'structured') this.structured?.open(isObject);
    else {
      this.#write(isObject ? '{' : '[');
      this.#enter(path, isObject);
    }
  }

  close(isObject: boolean): void {
    const depth = this.#isObject.length;
    this.#isObject.pop();
    this.#keys.pop();
    this.#expectKey = false;
    if (this.#section === 'content' && depth > 3) {
      if (this.#item?.close(isObject) === true) this.#finishItem();
    } else if (this.#section === 'structured' && depth > 3) this.structured?.close(isObject);
    else {
      if (this.#item !== undefined) this.#finishItem();
      this.#section = 'frame';
      if (depth === 2 && this.#keys[0] === 'result' && isObject) this.resultEnd = this.before.length;
      if (depth === 3 && this.metaAt === this.before.length) this.metaEmpty = true;
      this.#write(isObject ? '}' : ']');
    }
  }

  comma(): void {
    const inObject = this.#isObject.at(-1) === true;
    this.#expectKey = inObject;
    if (this.#section === 'content') {
      if (this.#isObject.length > 3) this.#item?.comma(inObject);
      else if (this.#item !== undefined) this.#finishItem();
    } else if (this.#section === 'structured') this.structured?.comma(inObject);
    else this.#write(',');
  }

  colon(): void {
    this.#expectKey = false;
    if (this.#section === 'content') this.#item?.colon();
    else if (this.#section === 'structured') this.structured?.colon();
    else this.#write(':');
  }

  beginString(): void {
    this.#isKey = this.#expectKey;
    if (this.#isKey) this.#key = '';
    if (this.#section === 'content') {
      if (this.#item === undefined) this.#begin();
      this.#item?.beginString();
    } else if (this.#section === 'structured') this.structured?.beginString(this.#isKey);
    else this.#write('"');
  }

  stringPart(raw: Buffer): void {
    if (this.#isKey && this.#key.length < 64) this.#key += raw.toString('latin1');
    if (this.#section === 'content') {
      if (this.#item?.inText === true) this.#spill?.text(raw);
      this.#item?.stringPart(raw);
    } else if (this.#section === 'structured') this.structured?.stringPart(raw);
    else this.#write(raw.toString('latin1'));
  }

  endString(): void {
    if (this.#isKey) {
      this.#keys[this.#keys.length - 1] = this.#key;
      if (this.#isObject.length === 2) this.resultEmpty = false;
    }
    if (this.#section === 'content') {
      if (this.#item?.inText === true) this.#spill?.textEnd();
      this.#item?.endString();
    } else if (this.#section === 'structured') this.structured?.endString(this.#isKey);
    else this.#write('"');
  }

  scalar(raw: Buffer): void {
    if (this.#section === 'content') {
      if (this.#item === undefined) this.#begin();
      this.#item?.scalar(raw);
    } else if (this.#section === 'structured') this.structured?.scalar(raw);
    else this.#write(raw.toString('latin1'));
  }

  /** A container of the result has been opened: its own bytes go elsewhere from here on. */
  #enter(path: string, isObject: boolean): void {
    if (path === 'content' && !isObject && this.contentAt === -1) {
      this.#section = 'content';
      this.contentAt = this.before.length;
    } else if (path === 'structuredContent' && isObject && this.structuredAt === -1) {
      this.#section = 'structured';
      this.structuredAt = this.before.length;
      this.structured = new StructuredContent(this.#limit);
    } else if (path === '_meta' && isObject && this.metaAt === -1) this.metaAt = this.before.length;
  }

  #begin(): void {
    this.#item = new ResultItem(this.#room);
  }

  /** A blob that does not fit takes no room: only its size is told. */
  #finishItem(): void {
    const item = this.#item as ResultItem;
    this.#item = undefined;
    this.chars += item.chars;
    const isText = item.textChars > 0;
    if (this.#kept > MAX_FRAME || (isText && this.#room === 0)) {
      this.dropped = true;
      return;
    }
    this.items.push(item);
    this.#kept += item.size;
    if (isText || item.chars <= this.#room) this.#room -= Math.min(item.chars, this.#room);
  }

  #write(text: string): void {
    this.#frame += text.length;
    if (this.#frame > MAX_FRAME) {
      throw new Failure(
        'too_large',
        true,
        'The upstream server answered with more beside its texts than the gateway holds',
      );
    }
    this.before.push(text);
  }
}
