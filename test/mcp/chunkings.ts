// Arbitrary ways to cut bytes into chunks, for what must not depend on them.
import fc from 'fast-check';

/** Cuts the bytes of `text` anywhere, also inside of characters; empty chunks included. */
export function chunked(text: string | Buffer, cuts: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

/** Where to cut: nowhere, in a few places, or in many. */
export const cuts = fc.oneof(fc.array(fc.nat(), { maxLength: 4 }), fc.array(fc.nat(), { maxLength: 200 }));
