// `cross_client`: many clients with the same request ids, hanging up and being broken off; each must get its own answers only.
import { say } from '../../bench/tools.ts';
import type { ChaosCase } from '../chaos-case.ts';
import { Report } from '../chaos-case.ts';
import { OwnGateway } from '../own-gateway.ts';
import { RawConnection } from '../raw-connection.ts';
import type { CallEnd } from '../session-client.ts';
import { startSessionServers } from '../upstream/session-servers.ts';

const CLIENTS = 50;
/** Share of calls whose connection the upstream resets; those of the tool that reads are sent again. */
const BROKEN_SHARE = 0.005;
const LEAVING_SHARE = 0.01;
const NEW_SESSION_SHARE = 0.001;
const SAY_EVERY = 100_000;
const SESSIONFUL = 'mcp-protocol-version: 2025-11-25\r\n';
const STATELESS = 'mcp-protocol-version: 2026-07-28\r\nmcp-method: tools/call\r\n';
const META =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';

export const crossClient: ChaosCase = {
  name: 'cross_client',
  about: '50 clients with equal ids, --calls calls with disconnects and retries: no byte of another client',
  async run(lab, { calls }) {
    const report = new Report('cross_client', CLIENTS);
    const servers = await startSessionServers(lab, 3, 0, BROKEN_SHARE);
    const ports = servers.map(({ port }) => port);
    const gateway = await OwnGateway.start(lab, { ports, pool: { session_recovery: 'always' } });
    const ends: Record<CallEnd, number> = { ok: 0, not_found: 0, failed: 0, left: 0, foreign: 0 };
    const startedAt = performance.now();
    let left = calls;
    const live = async (client: Client) => {
      await client.open();
      while (left-- > 0) {
        if (left % SAY_EVERY === 0) say(`cross_client: ${left} calls to go`);
        const leaveAfterMs = Math.random() < LEAVING_SHARE ? Math.random() * 4 : undefined;
        const end = await client.call(left % 3 === 0 ? 'write_value' : 'read_value', leaveAfterMs);
        ends[end]++;
        if (end === 'not_found' || Math.random() < NEW_SESSION_SHARE) await client.open();
      }
      client.connection.hangUp();
    };
    const clients = Array.from({ length: CLIENTS }, (_, i) => new Client(gateway.port, `c${i}`, i % 2 === 0));
    await Promise.all(clients.map(live));
    const seconds = (performance.now() - startedAt) / 1000;
    const retries = await gateway.metric('mcp_gateway_retries_total');
    await gateway.child.stop();
    await Promise.all(servers.map((server) => server.kill()));
    const stray = clients.reduce((sum, { connection }) => sum + connection.stray, 0);
    for (const [end, count] of Object.entries(ends)) report.row('gateway', end, count, 'calls');
    report.row('gateway', 'retries', retries, 'calls');
    report.row('gateway', 'stray_bytes', stray, 'bytes');
    report.row('gateway', 'calls_per_second', calls / seconds, '1');
    report.goal(`no foreign answer among ${calls} calls (${ends.foreign})`, ends.foreign === 0);
    report.goal(`no byte that was not asked for (${stray})`, stray === 0);
    return report;
  },
};

/** One client, in one session at a time or in none. Its nonces are its own, its ids those of all the others. */
class Client {
  readonly connection: RawConnection;
  readonly #name: string;
  readonly #stateless: boolean;
  #id = '';
  #next = 1;

  constructor(port: number, name: string, stateless: boolean) {
    this.connection = new RawConnection(port);
    this.#name = name;
    this.#stateless = stateless;
  }

  async open(): Promise<void> {
    if (this.#stateless) return;
    const params = `{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"${this.#name}","version":"1"}}`;
    const hello = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":${params}}`;
    const answer = await this.connection.post(hello, SESSIONFUL);
    this.#id = /\r\nmcp-session-id: (\S+)/i.exec(answer?.head ?? '')?.[1] ?? '';
  }

  async call(tool: string, leaveAfterMs: number | undefined): Promise<CallEnd> {
    const id = this.#next++;
    const nonce = `${this.#name}-${id}`;
    const more = this.#stateless ? `,${META}` : '';
    const params = `{"name":"${tool}","arguments":{"nonce":"${nonce}"}${more}}`;
    const call = `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${params}}`;
    let left = false;
    const leave = () => {
      left = true;
      this.connection.hangUp();
    };
    const timer = leaveAfterMs === undefined ? undefined : setTimeout(leave, leaveAfterMs);
    const answer = await this.connection.post(
      call,
      this.#stateless ? `${STATELESS}mcp-name: ${tool}\r\n` : `${SESSIONFUL}mcp-session-id: ${this.#id}\r\n`,
    );
    clearTimeout(timer);
    if (answer === undefined) return left ? 'left' : 'failed';
    if (answer.status === 404) return 'not_found';
    const echoed = /"text":"(\S+) /.exec(answer.body)?.[1];
    const own = answer.body.includes(`"id":${id},`) || answer.body.includes(`"id":${id}}`);
    if (!own || (echoed !== undefined && echoed !== nonce)) return 'foreign';
    return answer.status === 200 && echoed === nonce ? 'ok' : 'failed';
  }
}
