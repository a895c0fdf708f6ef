// Connection errors: what broke, whether it was sent, and that no address is told.

import { once } from 'node:events';
import { errors } from 'undici';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../gateway/core/failure.ts';
import { HttpFault } from '../../gateway/http1/http-fault.ts';
import { checkFailure, connectionFailure } from '../../gateway/upstream/connection-failure.ts';

function coded(code: string, message = `${code} 10.0.0.1:8000`): Error {
  return Object.assign(new Error(message), { code });
}

describe('a connection error', () => {
  it.each([
    ['a refused connection', coded('ECONNREFUSED'), false, { kind: 'connect', sent: false, refused: true }],
    [
      'a refusal of every address of a name',
      Object.assign(new AggregateError([coded('ECONNREFUSED')], 'a'), { code: 'ECONNREFUSED' }),
      false,
      { kind: 'connect', sent: false, refused: true },
    ],
    [
      'want of a descriptor',
      coded('EMFILE'),
      false,
      { kind: 'connect', sent: false, shortage: 'EMFILE', isOutlier: false },
    ],
    [
      'want of a local port',
      coded('EADDRNOTAVAIL'),
      false,
      { kind: 'connect', sent: false, shortage: 'EADDRNOTAVAIL', isOutlier: false },
    ],
    [
      'a refusal by the one address of a name that this machine can reach',
      Object.assign(new AggregateError([coded('EADDRNOTAVAIL'), coded('ECONNREFUSED')], 'a'), {
        code: 'EADDRNOTAVAIL',
      }),
      false,
      { kind: 'connect', sent: false, refused: true, shortage: undefined, isOutlier: true },
    ],
    ['no route', coded('EHOSTUNREACH'), false, { kind: 'connect', sent: false, refused: false }],
    [
      'no such name',
      coded('ENOTFOUND', 'getaddrinfo ENOTFOUND internal.example'),
      false,
      { kind: 'connect', sent: false, refused: false },
    ],
    [
      'a connect timeout',
      new errors.ConnectTimeoutError('10.0.0.1:8000'),
      false,
      { kind: 'connect', sent: false, refused: false },
    ],
    [
      'a reset before the request',
      coded('ECONNRESET'),
      false,
      { kind: 'connect', sent: false, refused: false },
    ],
    ['a reset behind the request', coded('ECONNRESET'), true, { kind: 'reset', sent: true, refused: false }],
    ['a refusal that cannot be', coded('ECONNREFUSED'), true, { kind: 'reset', sent: true, refused: false }],
    [
      'a socket that the other side closed',
      new HttpFault('closed', 'closed 10.0.0.1'),
      true,
      { kind: 'reset', sent: true },
    ],
    ['a body that breaks off', new HttpFault('closed', 'too early'), true, { kind: 'reset', sent: true }],
    [
      'an answer that is no HTTP',
      new HttpFault('not_http', 'The status line is none'),
      true,
      { kind: 'unusable', sent: true, message: expect.stringContaining('HTTP: The status line is none') },
    ],
    [
      'an answer that is too large',
      new HttpFault('too_large', '16 MiB'),
      true,
      { kind: 'too_large', sent: true },
    ],
    [
      'an error without a code',
      new TypeError('http://10.0.0.1:8000/mcp'),
      true,
      { kind: 'reset', sent: true },
    ],
  ])('%s', (_name, error, sent, expected) => {
    const failure = connectionFailure(error, sent);
    expect(failure).toMatchObject(expected);
    expect(failure.message).toMatch(/upstream server/);
    expect(failure.message).not.toMatch(/10\.0\.0\.1|8000|internal\.example/);
  });

  it('that is a fault of HTTP is told in words, without the name of a class', () => {
    const closed = connectionFailure(new HttpFault('closed', 'too early'), true);
    expect(closed.message).toBe('The upstream server closed the connection before its answer was complete');
    const unsent = connectionFailure(new HttpFault('closed', 'gone'), false);
    expect(unsent.message).toBe('No connection to the upstream server');
    const early = connectionFailure(coded('ECONNRESET'), false, true);
    expect(early).toMatchObject({ kind: 'reset', sent: false });
    expect(early.message).toBe('The upstream server closed the connection before the request was sent');
    const other = connectionFailure(new TypeError('x'), true);
    expect(other.message).toBe('The connection to the upstream server broke');
  });

  it('of a check that is about a certificate names the setting of the pool', () => {
    const advice = 'unable to verify the first certificate; try running Node.js with --use-system-ca';
    const { message } = checkFailure(coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE', advice));
    expect(message).toContain('tls.ca');
    expect(message).not.toContain('Node.js');
  });

  it('of a check that took too long says so, and not what was aborted', async () => {
    const signal = AbortSignal.timeout(1);
    await once(signal, 'abort');
    expect(checkFailure(signal.reason as Error).message).toBe('it gave no answer in time');
  });

  it('that is a failure already stays as it is', () => {
    const failure = new Failure('unusable', true, 'as told');
    expect(connectionFailure(failure, false)).toBe(failure);
  });
});
