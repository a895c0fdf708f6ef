/** What makes a certificate and its key unfit for each other, or for TLS at all. */
import { createSecureContext } from 'node:tls';

/** A pair as PEM text. */
interface KeyPair {
  cert: string | undefined;
  key: string | undefined;
}

/** Which of the two cannot be used, and why; undefined when they can. */
export function faultOfPair({ cert, key }: KeyPair): { part: 'cert' | 'key'; fault: string } | undefined {
  const ofCert = faultOf(() => createSecureContext({ cert }));
  if (ofCert !== undefined) return { part: 'cert', fault: ofCert };
  const ofKey = faultOf(() => createSecureContext({ cert, key }));
  return ofKey === undefined ? undefined : { part: 'key', fault: ofKey };
}

/** The code of the error that a use of PEM text ends in; undefined when it ends well. */
export function faultOf(use: () => unknown): string | undefined {
  try {
    use();
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}
