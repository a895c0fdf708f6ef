// Faults: what breaks an HTTP/1.1 conversation beside the errors that the system reports.

/** `not_http`: the peer wrote something else; `too_large`: an answer over its bound; `closed`: it ended too early. */
export type FaultKind = 'not_http' | 'too_large' | 'closed';

/** The conversation cannot go on; its connection is closed with it. Callers are told the message: it quotes nothing of the peer. */
export class HttpFault extends Error {
  readonly kind: FaultKind;

  constructor(kind: FaultKind, message: string) {
    super(message);
    this.name = 'HttpFault';
    this.kind = kind;
  }
}

export function notHttp(message: string): HttpFault {
  return new HttpFault('not_http', message);
}
