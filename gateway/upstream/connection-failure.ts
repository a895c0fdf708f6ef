// Reads the errors of connections: what broke, and whether the upstream can have seen the request.
import { Failure } from '../core/failure.ts';
import { HttpFault } from '../http1/http-fault.ts';

/** Want of files, ports or memory on this machine (connect(2), socket(2)): whoever was to be reached has no part in it. */
const shortages: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM']);

const UNKNOWN_AUTHORITY = 'its certificate is of no authority that is believed: see tls.ca of the pool';
/** What Node says of certificates advises options of its own, which are none of the gateway's. */
const distrusts: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
};

/**
 * The failure that a connection error stands for; `sent` is whether the request had begun to be written, `connected`
 * whether there was a connection to write it to. Its message reaches clients, so it names no address.
 */
export function connectionFailure(error: Error, sent: boolean, connected = false): Failure {
  if (error instanceof Failure) return error;
  const code = codeOf(error);
  if (!sent && code !== undefined && shortages.has(code)) {
    const message = `The gateway cannot open a connection to the upstream server (${code})`;
    return new Failure('connect', false, message, { shortage: code });
  }
  if (!sent && connected) {
    return new Failure(
      'reset',
      false,
      'The upstream server closed the connection before the request was sent',
    );
  }
  if (!sent) {
    const refused = code === 'ECONNREFUSED';
    return new Failure('connect', false, `No connection to the upstream server${bracketed(code)}`, {
      refused,
    });
  }
  if (error instanceof HttpFault && error.kind === 'too_large') {
    return new Failure('too_large', true, 'The upstream server answered with more bytes than allowed');
  }
  if (error instanceof HttpFault && error.kind === 'not_http') {
    const message = `The upstream server answered with something other than HTTP: ${error.message}`;
    return new Failure('unusable', true, message);
  }
  if (error instanceof HttpFault) {
    return new Failure(
      'reset',
      true,
      'The upstream server closed the connection before its answer was complete',
    );
  }
  return new Failure('reset', true, `The connection to the upstream server broke${bracketed(code)}`);
}

/** What the error of a check is told as: one that could not be made for want of something here is a `Failure` that says so. */
export function checkFailure(error: Error): Error {
  const code = codeOf(error);
  if (code !== undefined && shortages.has(code)) return connectionFailure(error, false);
  if (error.name === 'TimeoutError') return new Error('it gave no answer in time');
  const distrust = code === undefined ? undefined : distrusts[code];
  return distrust === undefined ? error : new Error(`${distrust} (${code})`);
}

/** The system's word for what happened; names of our own classes would tell nobody anything. */
function bracketed(code: string | undefined): string {
  return code === undefined ? '' : ` (${code})`;
}

/** Of a name with several addresses, what one of them says outweighs that this machine cannot reach another. */
function codeOf(error: Error): string | undefined {
  const errors: unknown[] = error instanceof AggregateError ? error.errors : [];
  const codes = [error, ...errors].flatMap((one) =>
    one instanceof Error && 'code' in one && typeof one.code === 'string' ? one.code : [],
  );
  return codes.find((code) => !shortages.has(code)) ?? codes[0];
}
