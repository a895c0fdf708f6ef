// Legacy sessions through two gateways that share nothing but a key, one of which is killed and started again midway.
import { randomBytes } from 'node:crypto';
import { Agent } from 'undici';
import { Lab } from '../bench/lab.ts';
import { choosePlacement } from '../bench/placement.ts';
import { OwnGateway } from '../chaos/own-gateway.ts';
import { SessionClient } from '../chaos/session-client.ts';
import { startSessionServers } from '../chaos/upstream/session-servers.ts';

const REPLICAS = 3;
const CALLS_EACH = 20;
const AT_ONCE = 50;

/** What was seen; all but `inFlight`, `lost` and `moved` are counts of calls or sessions over the whole run. */
export interface SessionsSeen {
  readonly sessions: number;
  /** Sessions that each replica opened. */
  readonly spread: readonly number[];
  /** Calls answered under their own id, with their own nonce, by the replica of their session. */
  readonly answered: number;
  /** Calls answered by another replica, or with another's answer. */
  readonly misrouted: number;
  /** Calls on the killed gateway at that moment, and how many of them got no answer. */
  readonly inFlight: number;
  readonly lost: number;
  /** Calls that failed though they were not on the killed gateway at that moment. */
  readonly failed: number;
}

/** Opens `count` sessions and makes the calls of each through either gateway in turn; kills the second one midway. */
export async function shareSessions(count: number): Promise<SessionsSeen> {
  const lab = new Lab(choosePlacement('none'));
  const agent = new Agent({ connections: AT_ONCE });
  try {
    const replicas = await startSessionServers(lab, REPLICAS, 0);
    const wishes = {
      ports: replicas.map(({ port }) => port),
      // Nothing may be made good behind the scenes: a session that is not found is to be seen.
      pool: { session_recovery: 'never' },
      sections: { session_keys: [randomBytes(32).toString('hex')], limits: { concurrency: 10_000 } },
    };
    const start = () => OwnGateway.start(lab, wishes);
    return await run(count, agent, wishes.ports, start);
  } finally {
    await agent.close();
    await lab.close();
  }
}

async function run(
  count: number,
  agent: Agent,
  replicas: readonly number[],
  start: () => Promise<OwnGateway>,
): Promise<SessionsSeen> {
  const first = await start();
  let second: OwnGateway | undefined = await start();
  const clients = Array.from({ length: count }, (_, i) => new SessionClient(first.port, agent, `s${i}`));
  const homes = new Map<SessionClient, number>();
  const seen = { answered: 0, misrouted: 0, failed: 0, lost: 0 };
  const onSecond = new Set<SessionClient>();
  let doomed: ReadonlySet<SessionClient> = new Set();
  let turn = 0;
  let restarted: Promise<void> = Promise.resolve();

  /** As a load balancer does: in turn, and not to a gateway that is known to be away. */
  const direct = (client: SessionClient) => {
    const port = turn++ % 2 === 0 || second === undefined ? first.port : second.port;
    client.port = port;
    if (port !== first.port) onSecond.add(client);
  };
  const call = async (client: SessionClient) => {
    direct(client);
    const end = await client.call('write_value');
    onSecond.delete(client);
    if (end === 'ok') {
      const home = homes.get(client) ?? client.upstream;
      homes.set(client, home);
      if (home === client.upstream) seen.answered++;
      else seen.misrouted++;
    } else if (end === 'foreign') seen.misrouted++;
    else if (doomed.has(client)) seen.lost++;
    else seen.failed++;
    doomed = without(doomed, client);
  };
  let inFlight = 0;
  const killSecond = () => {
    const victim = second as OwnGateway;
    second = undefined;
    doomed = new Set(onSecond);
    inFlight = doomed.size;
    victim.signal('SIGKILL');
    restarted = start().then((again) => {
      second = again;
    });
  };

  await each(clients, async (client) => {
    direct(client);
    if (!(await client.open())) seen.failed++;
    onSecond.delete(client);
  });
  const calls = Array.from({ length: CALLS_EACH }, () => clients).flat();
  const midway = Math.floor(calls.length / 2);
  let begun = 0;
  await each(calls, async (client) => {
    if (++begun === midway) setImmediate(killSecond);
    await call(client);
  });
  await restarted;
  const spread = replicas.map((port) => [...homes.values()].filter((home) => home === port).length);
  return { sessions: count, spread, inFlight, ...seen };
}

function without<T>(set: ReadonlySet<T>, gone: T): ReadonlySet<T> {
  return set.has(gone) ? new Set([...set].filter((one) => one !== gone)) : set;
}

/** Runs `act` for each, so many at once, and none for one while another for the same one is under way. */
async function each(
  all: readonly SessionClient[],
  act: (one: SessionClient) => Promise<void>,
): Promise<void> {
  for (let i = 0; i < all.length; i += AT_ONCE) await Promise.all(all.slice(i, i + AT_ONCE).map(act));
}

/** Whether every session kept its replica, and nothing was lost but what was on the killed gateway. */
export function kept(seen: SessionsSeen): boolean {
  const { sessions, answered, misrouted, failed, lost, inFlight, spread } = seen;
  const whole = answered + lost === sessions * CALLS_EACH;
  return whole && misrouted === 0 && failed === 0 && lost <= inFlight && spread.every((n) => n > 0);
}

if (import.meta.main) {
  const seen = await shareSessions(Number(process.argv[2] ?? 1000));
  console.log(JSON.stringify({ ...seen, calls: seen.sessions * CALLS_EACH }, null, 2));
  process.exitCode = kept(seen) ? 0 : 1;
}
