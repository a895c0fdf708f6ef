// Answer heads: status line and header fields of an HTTP/1.1 answer, read as strictly as they are to be written.
import { notHttp } from './http-fault.ts';

/** How an answer's body ends (RFC 9112 §6.3): after so many bytes, with its last chunk, or with the connection. */
export type Framing = number | 'chunked' | 'close';

/** A head as it was read. */
export interface AnswerHead {
  readonly status: number;
  /** Name, value, name, value; names in lower case. */
  readonly headers: readonly string[];
  readonly framing: Framing;
  /** Whether the connection may carry another request afterwards. */
  readonly keepsAlive: boolean;
  /** How long the server says that it keeps an idle connection, in ms (`Keep-Alive: timeout=`). */
  readonly idleMs: number | undefined;
}

const statusLine = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** A field value has no control characters but tabs (RFC 9110 §5.5); a lone CR or LF is one, too. */
const control = /[^\t\x20-\x7e\x80-\xff]/;
const digits = /^\d{1,15}$/;
const idleHint = /(?:^|[,;\s])timeout=(\d{1,6})/i;

/** Heads read lately: those of one server are all alike, but for the second of their date and the length of the body. */
const lately = new Map<string, AnswerHead>();
const MAX_LATELY = 256;
const MAX_LATELY_CHARS = 1024;

/** Reads a head, latin1, without the empty line that ends it; throws an `HttpFault`. */
export function readAnswerHead(text: string): AnswerHead {
  const known = lately.get(text);
  if (known !== undefined) return known;
  const head = parse(text);
  if (text.length > MAX_LATELY_CHARS) return head;
  if (lately.size >= MAX_LATELY) lately.clear();
  lately.set(text, head);
  return head;
}

function parse(text: string): AnswerHead {
  const end = text.indexOf('\r\n');
  const line = end === -1 ? text : text.slice(0, end);
  const [, minor, code] = statusLine.exec(line) ?? [];
  if (code === undefined) throw notHttp('The status line is none');
  const headers: string[] = [];
  let length: number | undefined;
  let chunked = false;
  let keepsAlive = minor === '1';
  let closes = false;
  let idleMs: number | undefined;
  for (let pos = end === -1 ? text.length : end + 2; pos < text.length; ) {
    const eol = text.indexOf('\r\n', pos);
    const stop = eol === -1 ? text.length : eol;
    const colon = text.indexOf(':', pos);
    // A line that begins with a space would continue the one before: obsolete, and read differently by different peers.
    if (colon === -1 || colon > stop) throw notHttp('A header line has no colon');
    const spelled = text.slice(pos, colon);
    if (!token.test(spelled)) throw notHttp('A header has no proper name');
    const name = spelled.toLowerCase();
    const value = trimmed(text, colon + 1, stop);
    if (control.test(value)) throw notHttp('A header value holds control characters');
    headers.push(name, value);
    switch (name) {
      case 'content-length':
        if (length !== undefined || !digits.test(value)) throw notHttp('The content-length is ambiguous');
        length = Number(value);
        break;
      case 'transfer-encoding':
        if (chunked || value.toLowerCase() !== 'chunked') throw notHttp('The transfer-encoding is unknown');
        chunked = true;
        break;
      case 'connection':
        closes ||= asks(value, 'close');
        keepsAlive ||= asks(value, 'keep-alive');
        break;
      case 'keep-alive':
        idleMs = Number(idleHint.exec(value)?.[1] ?? Number.NaN) * 1000;
        if (Number.isNaN(idleMs)) idleMs = undefined;
        break;
      default:
    }
    pos = stop + 2;
  }
  // Two readers could see two different ends (RFC 9112 §6.3, request and response smuggling).
  if (chunked && (length !== undefined || minor === '0')) throw notHttp('The length is ambiguous');
  const status = Number(code);
  const bodyless = status < 200 || status === 204 || status === 304;
  const announced = bodyless ? 0 : chunked ? 'chunked' : (length ?? 'close');
  // Content of a 205 is none (RFC 9110 §15.3.6), but may come all the same, and must not be read as the next answer.
  const framing = status === 205 ? 0 : announced;
  const isWhole = announced === framing && framing !== 'close';
  return { status, headers, framing, keepsAlive: keepsAlive && !closes && isWhole, idleMs };
}

function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Whether a Connection header names an option. */
function asks(value: string, option: string): boolean {
  return value
    .toLowerCase()
    .split(',')
    .some((one) => one.trim() === option);
}
