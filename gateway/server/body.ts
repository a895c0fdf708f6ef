// Reads request bodies into one buffer each, within the configured size and the memory there is for them.
import type { IncomingMessage } from 'node:http';
import type { BodyMeter, Exchange } from '../core/exchange.ts';
import type { Refusal } from '../core/refusal.ts';
import { refusal } from '../core/refusal.ts';

/**
 * The body of `req`, which is that of `x`, or the refusal to answer with. What is too large is refused before, or as soon
 * as, it is read. `meter` is told of bodies that do not come whole with their head.
 */
export function readBody(
  req: IncomingMessage,
  x: Exchange,
  maxBytes: number,
  meter: BodyMeter,
): Promise<Buffer | Refusal> {
  const { contentLength } = x.inbound;
  const declared = contentLength === undefined ? undefined : Number(contentLength);
  if (declared !== undefined && declared > maxBytes) return Promise.resolve(tooLarge(maxBytes));
  return new Promise((resolve) => {
    // Copied together as it comes: a body in chunks of a byte each would else cost a buffer for every byte.
    let whole: Buffer = empty;
    let size = 0;
    const refuse = (why: Refusal) => {
      req.off('data', onData);
      whole = empty;
      resolve(why);
    };
    const onData = (chunk: Buffer) => {
      const before = size;
      size += chunk.length;
      if (size > maxBytes) return refuse(tooLarge(maxBytes));
      if (before === 0) {
        const tooMuch = size === declared ? undefined : meter.take(x, size);
        if (tooMuch !== undefined) return refuse(tooMuch);
        whole = chunk;
        return;
      }
      if (size > whole.length) {
        const wider = Math.min(declared ?? maxBytes, Math.max(2 * whole.length, size));
        const tooMuch = meter.take(x, wider - whole.length);
        if (tooMuch !== undefined) return refuse(tooMuch);
        const narrow = whole;
        whole = Buffer.allocUnsafe(wider);
        narrow.copy(whole, 0, 0, before);
      }
      chunk.copy(whole, before);
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
