// Request bytes: the buffers in which a request's head and body leave: one, or two where the body is large.

/** A request as it is to be sent. */
export interface Request {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  /** Name, value, name, value; host and length are written with them. */
  readonly headers: readonly string[];
  readonly body: Buffer | null;
}

/** Bodies up to this many bytes are copied behind their head, so that one write sends both. */
const COPIED_BYTES = 64 * 1024;
const control = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * What is to be written for `request`, one piece or two; `host` is its Host field. Throws a TypeError where a header
 * value holds what no header may: a line break in it would begin another header.
 */
export function requestBytes({ method, path, headers, body }: Request, host: string): readonly Buffer[] {
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n`;
  for (let i = 0; i < headers.length; i += 2) {
    const value = headers[i + 1] as string;
    if (control.test(value)) throw new TypeError(`The header ${headers[i]} holds control characters`);
    head += `${headers[i]}: ${value}\r\n`;
  }
  head += body === null ? '\r\n' : `content-length: ${body.length}\r\n\r\n`;
  const copied = body !== null && body.length <= COPIED_BYTES ? body.length : 0;
  const bytes = Buffer.allocUnsafe(head.length + copied);
  bytes.write(head, 'latin1');
  if (body === null) return [bytes];
  if (copied === 0) return [bytes, body];
  bytes.set(body, head.length);
  return [bytes];
}
