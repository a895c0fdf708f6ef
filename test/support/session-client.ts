// A client of one legacy session, which knows the upstream that holds it.
import type { RawAnswer } from './clients.ts';
import { rawCall } from './clients.ts';
import type { FaultUpstream } from './fault-upstream.ts';
import { legacyRequest } from './message.ts';

/** A client of one session. */
export class SessionClient {
  readonly id: string;
  readonly home: FaultUpstream;
  readonly #url: string;

  constructor(id: string, home: FaultUpstream, url: string) {
    this.id = id;
    this.home = home;
    this.#url = url;
  }

  call(tool: string, args: Record<string, unknown> = {}): Promise<RawAnswer> {
    return this.send('tools/call', { name: tool, arguments: args });
  }

  send(method: string, params: Record<string, unknown> = {}): Promise<RawAnswer> {
    const { body, headers } = legacyRequest(method, params, 7, this.id);
    return rawCall(this.#url, body, headers);
  }
}
