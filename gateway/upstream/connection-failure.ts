// Reads undici's and the system's errors: what broke, and whether the upstream can have seen the request.
import { errors } from 'undici';
import { Failure } from '../core/failure.ts';

/**
 * The failure that a connection error stands for; `sent` is whether undici had begun to write the request. Its message
 * reaches clients, so it names no address.
 */
export function connectionFailure(error: Error, sent: boolean): Failure {
  if (error instanceof Failure) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  if (!sent) {
    const refused = code === 'ECONNREFUSED';
    return new Failure('connect', false, `No connection to the upstream server (${code})`, { refused });
  }
  if (error instanceof errors.ResponseExceededMaxSizeError) {
    return new Failure('too_large', true, 'The upstream server answered with more bytes than allowed');
  }
  if (error instanceof errors.HTTPParserError) {
    return new Failure('unusable', true, 'The upstream server answered with something other than HTTP');
  }
  return new Failure('reset', true, `The connection to the upstream server broke (${code})`);
}
