// The load: callers in a closed loop, half of whose calls are safe to repeat; every call is written down.
import { Pool } from 'undici';

/** One call as its caller saw it. Times are ms of this process's monotonic clock. */
export interface CallRecord {
  readonly nonce: string;
  readonly safe: boolean;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Whether the answer was a result with this call's own nonce. */
  readonly ok: boolean;
  /** HTTP status, 0 when the connection broke. */
  readonly status: number;
  /** True when an answer carried the nonce of another call. */
  readonly foreign: boolean;
}

const GIVE_UP_MS = 60_000;
const clientInfo = { name: 'chaos', version: '1.0.0' };

/** A closed loop of `clients` callers on a port; a call's name and nonce say whether it is safe. */
export class Load {
  readonly calls: CallRecord[] = [];
  readonly #sockets: Pool;
  readonly #loops: Promise<void>[];
  #running = true;
  #count = 0;

  constructor(port: number, clients: number) {
    // A socket for each caller, as separate clients have.
    this.#sockets = new Pool(`http://127.0.0.1:${port}`, {
      connections: clients,
      pipelining: 1,
      headersTimeout: GIVE_UP_MS,
    });
    this.#loops = Array.from({ length: clients }, () => this.#loop());
  }

  /** Lets every caller finish its last call. */
  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#loops);
    await this.#sockets.close();
  }

  async #loop(): Promise<void> {
    while (this.#running) this.calls.push(await this.#call(this.#count++));
  }

  async #call(number: number): Promise<CallRecord> {
    const safe = number % 2 === 0;
    const nonce = `${safe ? 'r' : 'w'}${number}`;
    const startedAt = performance.now();
    let status = 0;
    let text = '';
    try {
      const answer = await this.#sockets.request(callOf(safe ? 'read_value' : 'write_value', nonce));
      status = answer.statusCode;
      text = await answer.body.text();
    } catch {
      status = 0;
    }
    const echoed = /"text":"([rw]\d+) /.exec(text)?.[1];
    return {
      nonce,
      safe,
      startedAt,
      endedAt: performance.now(),
      ok: status === 200 && echoed === nonce,
      status,
      foreign: echoed !== undefined && echoed !== nonce,
    };
  }
}

/** A 2026-07-28 tools/call. */
function callOf(
  name: string,
  nonce: string,
): { path: string; method: 'POST'; headers: Record<string, string>; body: string } {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': clientInfo,
  };
  return {
    path: '/mcp',
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': name,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name, arguments: { nonce }, _meta },
    }),
  };
}

/** Duration below which `share` of the calls stayed, in ms; 0 when there are none. */
export function percentile(calls: readonly CallRecord[], share: number): number {
  const took = calls.map(({ startedAt, endedAt }) => endedAt - startedAt).sort((a, b) => a - b);
  return took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0;
}

export function failed(calls: readonly CallRecord[]): CallRecord[] {
  return calls.filter(({ ok }) => !ok);
}
