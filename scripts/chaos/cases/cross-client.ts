// `cross_client`: many clients with the same request ids, hanging up and being broken off; each must get its own answers only.
import { Agent } from 'undici';
import type { ChaosCase } from '../chaos-case.ts';
import { Report } from '../chaos-case.ts';
import { OwnGateway } from '../own-gateway.ts';
import type { CallEnd } from '../session-client.ts';
import { SessionClient } from '../session-client.ts';
import { startSessionServers } from '../upstream/session-servers.ts';

const CLIENTS = 50;
const CALLS = 1_000_000;
const QUICK_CALLS = 5_000;
const BROKEN_SHARE = 0.005;
const LEAVING_SHARE = 0.01;

export const crossClient: ChaosCase = {
  name: 'cross_client',
  about: '50 clients with equal ids, 1 000 000 calls with disconnects and retries: no byte of another client',
  async run(lab, { quick }) {
    const report = new Report('cross_client', CLIENTS);
    const servers = await startSessionServers(lab, 3, 0, BROKEN_SHARE);
    const ports = servers.map(({ port }) => port);
    const gateway = await OwnGateway.start(lab, { ports, pool: { session_recovery: 'always' } });
    const ends: Record<CallEnd, number> = { ok: 0, not_found: 0, failed: 0, left: 0, foreign: 0 };
    const calls = quick ? QUICK_CALLS : CALLS;
    let left = calls;
    const loop = async (name: string) => {
      // Connections of its own, and sessions that it leaves now and then without a word.
      const agent = new Agent({ connections: 4 });
      const client = new SessionClient(gateway.port, agent, name);
      await client.open();
      while (left-- > 0) {
        const leaves = Math.random() < LEAVING_SHARE;
        const end = await client.call(
          left % 3 === 0 ? 'write_value' : 'read_value',
          leaves ? Math.random() * 4 : undefined,
        );
        ends[end]++;
        if (end === 'not_found' || Math.random() < 0.001) await client.open();
      }
      await agent.close();
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, i) => loop(`c${i}`)));
    await gateway.child.stop();
    await Promise.all(servers.map((server) => server.kill()));
    for (const [end, count] of Object.entries(ends)) report.row('gateway', end, count, 'calls');
    report.goal(`no foreign answer among ${calls} calls (${ends.foreign})`, ends.foreign === 0);
    return report;
  },
};
