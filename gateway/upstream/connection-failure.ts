// Reads the errors of connections: what broke, and whether the upstream can have seen the request.
import { Failure } from '../core/failure.ts';
import { HttpFault } from '../http1/http-fault.ts';

/**
 * The failure that a connection error stands for; `sent` is whether the request had begun to be written. Its message
 * reaches clients, so it names no address.
 */
export function connectionFailure(error: Error, sent: boolean): Failure {
  if (error instanceof Failure) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  if (!sent) {
    const refused = code === 'ECONNREFUSED';
    return new Failure('connect', false, `No connection to the upstream server (${code})`, { refused });
  }
  if (error instanceof HttpFault && error.kind === 'too_large') {
    return new Failure('too_large', true, 'The upstream server answered with more bytes than allowed');
  }
  if (error instanceof HttpFault && error.kind === 'not_http') {
    return new Failure('unusable', true, 'The upstream server answered with something other than HTTP');
  }
  return new Failure('reset', true, `The connection to the upstream server broke (${code})`);
}
