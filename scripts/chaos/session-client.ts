// A sessionful client, reduced to what the cases need: it opens, calls, listens, and checks that answers are its own.
import type { Agent, Dispatcher } from 'undici';

/** How a call ended; `foreign`: the answer was another's. */
export type CallEnd = 'ok' | 'not_found' | 'failed' | 'left' | 'foreign';

const VERSION = '2025-11-25';

export class SessionClient {
  id = '';
  /** Port of the upstream that answered last. */
  upstream = 0;
  /** Port of the gateway that is asked next. */
  port: number;
  readonly #agent: Agent;
  readonly #name: string;
  #next = 1;

  /** `name` is in every nonce, so that no two clients have one in common; ids they have all in common. */
  constructor(port: number, agent: Agent, name: string) {
    this.port = port;
    this.#agent = agent;
    this.#name = name;
  }

  /** Opens a session; false when that failed. */
  async open(): Promise<boolean> {
    this.id = '';
    const params = {
      protocolVersion: VERSION,
      capabilities: {},
      clientInfo: { name: this.#name, version: '1' },
    };
    try {
      const answer = await this.#post({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
      await answer.body.dump();
      this.id = String(answer.headers['mcp-session-id'] ?? '');
      return answer.statusCode === 200 && this.id !== '';
    } catch {
      return false;
    }
  }

  /** Calls a tool; with `leaveAfterMs` the client hangs up then. */
  async call(tool: string, leaveAfterMs?: number): Promise<CallEnd> {
    const id = this.#next++;
    const nonce = `${this.#name}-${id}`;
    const signal = leaveAfterMs === undefined ? undefined : AbortSignal.timeout(Math.ceil(leaveAfterMs));
    const params = { name: tool, arguments: { nonce } };
    try {
      const answer = await this.#post({ jsonrpc: '2.0', id, method: 'tools/call', params }, signal);
      const text = await answer.body.text();
      if (answer.statusCode === 404) return 'not_found';
      const echoed = /"text":"([\w-]+) (\d+)"/.exec(text);
      if (answer.statusCode !== 200 || echoed === null) return 'failed';
      this.upstream = Number(echoed[2]);
      const own = echoed[1] === nonce && text.includes(`"id":${id},`);
      return own ? 'ok' : 'foreign';
    } catch {
      return signal?.aborted ? 'left' : 'failed';
    }
  }

  /** Opens the session's GET stream and hangs up after `forMs`. */
  async listen(forMs: number): Promise<void> {
    try {
      const { body } = await this.#agent.request({
        ...this.#target('GET'),
        headers: { accept: 'text/event-stream', 'mcp-session-id': this.id },
        signal: AbortSignal.timeout(Math.ceil(forMs)),
      });
      await body.dump();
    } catch {
      // Hanging up is what it is here for.
    }
  }

  async end(): Promise<void> {
    const headers = { 'mcp-session-id': this.id };
    await this.#agent.request({ ...this.#target('DELETE'), headers }).then(
      ({ body }) => body.dump(),
      () => undefined,
    );
  }

  #target(method: 'GET' | 'POST' | 'DELETE') {
    return { origin: `http://127.0.0.1:${this.port}`, path: '/mcp', method };
  }

  #post(message: object, signal?: AbortSignal): Promise<Dispatcher.ResponseData> {
    return this.#agent.request({
      ...this.#target('POST'),
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': VERSION,
        ...(this.id !== '' && { 'mcp-session-id': this.id }),
      },
      body: JSON.stringify(message),
      ...(signal && { signal }),
    });
  }
}
