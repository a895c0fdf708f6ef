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
    // Copied together as it comes: a body in chunks of a byte each would else cost a buffer for every byte.
    let whole: Buffer = empty;
    let size = 0;
    const onData = (chunk: Buffer) => {
      const before = size;
      size += chunk.length;
      if (size > maxBytes) {
        req.off('data', onData);
        resolve(tooLarge(maxBytes));
      } else if (before === 0) whole = chunk;
      else {
        if (size > whole.length) {
          const wider = Buffer.allocUnsafe(Math.min(maxBytes, Math.max(2 * whole.length, size)));
          whole.copy(wider, 0, 0, before);
          whole = wider;
        }
        chunk.copy(whole, before);
      }
    };
    req.on('data', onData);
    req.on('end', () => resolve(whole.length === size ? whole : whole.subarray(0, size)));
    // Node tells of a connection that has gone by an error, where somebody listens for it.
    req.on('error', () => resolve(refusal('bad_request', { message: 'The request body broke off' })));
  });
}

const empty = Buffer.alloc(0);

function tooLarge(maxBytes: number): Refusal {
  return refusal('body_too_large', { message: `The request body is larger than ${maxBytes} bytes` });
}
