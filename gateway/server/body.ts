// Reads request bodies into one buffer each, within the configured size.
import type { IncomingMessage } from 'node:http';
import type { Refusal } from '../core/refusal.ts';
import { refusal } from '../core/refusal.ts';

/** The body of `req`, which declares this length if any, or the refusal to answer with. What is too large is refused before, or as soon as, it is read. */
export function readBody(
  req: IncomingMessage,
  declared: string | undefined,
  maxBytes: number,
): Promise<Buffer | Refusal> {
  if (declared !== undefined && Number(declared) > maxBytes) return Promise.resolve(tooLarge(maxBytes));
  return new Promise((resolve) => {
    let first: Buffer | undefined;
    let rest: Buffer[] | undefined;
    let size = 0;
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) {
        req.off('data', onData);
        resolve(tooLarge(maxBytes));
      } else if (first === undefined) first = chunk;
      else if (rest === undefined) rest = [first, chunk];
      else rest.push(chunk);
    };
    req.on('data', onData);
    req.on('end', () => resolve(rest === undefined ? (first ?? empty) : Buffer.concat(rest)));
    // Node tells of a connection that has gone by an error, where somebody listens for it.
    req.on('error', () => resolve(refusal('bad_request', { message: 'The request body broke off' })));
  });
}

const empty = Buffer.alloc(0);

function tooLarge(maxBytes: number): Refusal {
  return refusal('body_too_large', { message: `The request body is larger than ${maxBytes} bytes` });
}
