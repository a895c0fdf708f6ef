// `sessions`: one of three upstreams is killed with its sessions; who goes on depends on what they did and on the policy.
import { Agent } from 'undici';
import type { Lab } from '../../bench/lab.ts';
import type { ChaosCase, Settings } from '../chaos-case.ts';
import { Report } from '../chaos-case.ts';
import { OwnGateway } from '../own-gateway.ts';
import type { CallEnd } from '../session-client.ts';
import { SessionClient } from '../session-client.ts';
import { startSessionServers } from '../upstream/session-servers.ts';

const SESSIONS = 1000;
const QUICK_SESSIONS = 90;
const AT_ONCE = 50;

export const sessions: ChaosCase = {
  name: 'sessions',
  about: 'kill one of three upstreams with a third of 1 000 sessions, under each session_recovery',
  async run(lab, settings) {
    const report = new Report('sessions', AT_ONCE);
    for (const mode of ['always', 'auto', 'never'] as const) await measure(lab, settings, report, mode);
    return report;
  },
};

async function measure(
  lab: Lab,
  { quick }: Settings,
  report: Report,
  mode: 'always' | 'auto' | 'never',
): Promise<void> {
  const servers = await startSessionServers(lab, 3, 0);
  const ports = servers.map(({ port }) => port);
  const gateway = await OwnGateway.start(lab, { ports, pool: { session_recovery: mode } });
  const agent = new Agent({ connections: AT_ONCE });
  const count = quick ? QUICK_SESSIONS : SESSIONS;
  const clients = Array.from({ length: count }, (_, i) => new SessionClient(gateway.port, agent, `s${i}`));
  const wrote = (client: SessionClient) => clients.indexOf(client) % 2 === 1;
  const opened = await each(clients, (client) => client.open());
  if (opened.includes(false)) throw new Error('a session could not be opened');
  await each(clients, (client) => client.call(wrote(client) ? 'write_value' : 'read_value'));
  const [victim] = servers;
  const hit = clients.filter(({ upstream }) => upstream === victim?.port);
  await victim?.kill();

  const tally = async (who: SessionClient[], tool: string) =>
    tallyOf(await each(who, (client) => client.call(tool)));
  const readers = hit.filter((client) => !wrote(client));
  const writers = hit.filter(wrote);
  const [read, written] = [await tally(readers, 'read_value'), await tally(writers, 'write_value')];
  const others = await tally(
    clients.filter((client) => !hit.includes(client)),
    'read_value',
  );
  const gone = mode === 'never' ? hit : mode === 'auto' ? writers : [];
  await each(gone, (client) => client.open());
  const again = await tally(gone, 'write_value');
  await gateway.child.stop();
  await agent.close();
  await Promise.all(servers.map((server) => server.kill()));

  const row = (metric: string, value: number) =>
    report.row('gateway', `${mode}_${metric}`, value, 'sessions');
  row('on_killed', hit.length);
  row('readers_went_on', read.ok);
  row('writers_went_on', written.ok);
  row('not_found', read.not_found + written.not_found);
  row('others_failed', clients.length - hit.length - others.ok);
  row('went_on_after_initialize', again.ok);
  const want = { always: [readers.length, writers.length], auto: [readers.length, 0], never: [0, 0] }[mode];
  report.goal(
    `${mode}: ${read.ok} of ${readers.length} that only read and ${written.ok} of ${writers.length} others go on, the rest get 404`,
    read.ok === want[0] && written.ok === want[1] && read.not_found + written.not_found === gone.length,
  );
  report.goal(
    `${mode}: all others are left alone, and those with 404 go on after initialize`,
    others.ok === clients.length - hit.length && again.ok === gone.length,
  );
}

/** Runs `act` for everyone, some at once. */
async function each<T>(
  clients: readonly SessionClient[],
  act: (client: SessionClient) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  for (let i = 0; i < clients.length; i += AT_ONCE) {
    results.push(...(await Promise.all(clients.slice(i, i + AT_ONCE).map(act))));
  }
  return results;
}

function tallyOf(ends: readonly CallEnd[]): Record<CallEnd, number> {
  const counts: Record<CallEnd, number> = { ok: 0, not_found: 0, failed: 0, left: 0, foreign: 0 };
  for (const end of ends) counts[end]++;
  return counts;
}
