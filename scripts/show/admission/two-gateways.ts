// A show with two gateways and one Redis: one limit for both, through the death of Redis and of a gateway.
import { setTimeout as pause } from 'node:timers/promises';
import type { Fleet } from '../fleet.ts';
import { ToolUpstream } from '../fleet.ts';
import { call, InFlight, loop, tally } from './load.ts';

const LIMIT = 10;

/** Most calls at once in each part of the show, and how long it took to be exact again. */
export async function twoGateways(fleet: Fleet): Promise<object> {
  const inFlight = new InFlight();
  let workMs = 20;
  const upstream = new ToolUpstream(() =>
    inFlight.during('a', async () => {
      await pause(workMs);
      return 'done';
    }),
  );
  const port = await fleet.lab.port();
  let redis = await fleet.redis(port);
  const more = {
    redis: { url: `redis://127.0.0.1:${port}` },
    session_keys: ['5d0c0a4c1f0b6f1b8f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978'],
    clients: [{ id: 'a', api_key: 'key-a' }],
    limits: { concurrency: LIMIT, queue: { size: 1000, timeout: '20s' } },
  };
  const url = await upstream.listen();
  const gateways = [await fleet.gateway(url, {}, more), await fleet.gateway(url, {}, more)];
  const statuses: number[] = [];
  let over = false;
  const load = loop(
    60,
    () => over,
    async (i) => {
      const target = gateways[i % gateways.length];
      statuses.push((await call(target?.url ?? '', 'key-a', 'work')).status);
    },
  );
  const mostDuring = async (ms: number) => {
    inFlight.take('a');
    await pause(ms);
    return inFlight.take('a');
  };
  const exactAfter = async () => {
    const from = performance.now();
    while ((await mostDuring(250)) > LIMIT) if (performance.now() - from > 10_000) return Number.NaN;
    return Math.round(performance.now() - from - 250);
  };
  await pause(2000);
  const together = await mostDuring(5000);
  await redis.stop();
  const whileDying = await mostDuring(500);
  const withoutRedis = await mostDuring(4000);
  redis = await fleet.redis(port);
  const exactAfterMs = await exactAfter();
  const again = await mostDuring(3000);
  over = true;
  await load;
  const { firstMs, tenthMs } = await killOne();
  upstream.close();
  await redis.stop();
  return {
    limit: LIMIT,
    mostInFlight: { together, whileDying, withoutRedis, again },
    exactAfterMs,
    statuses: tally(statuses),
    afterKill9: { firstMs, tenthMs },
  };

  /** One gateway holds all slots and is killed: how long until the other has them. */
  async function killOne() {
    workMs = 60_000;
    const [doomed, other] = gateways;
    const held = Array.from({ length: LIMIT }, () => call(doomed?.url ?? '', 'key-a', 'work'));
    while ((inFlight.now.get('a') ?? 0) < LIMIT) await pause(10);
    workMs = 0;
    const killedAt = performance.now();
    process.kill(doomed?.pid ?? 0, 'SIGKILL');
    const took = Array.from({ length: LIMIT }, async () => {
      const { status } = await call(other?.url ?? '', 'key-a', 'work');
      return status === 200 ? Math.round(performance.now() - killedAt) : Number.NaN;
    });
    const times = (await Promise.all(took)).toSorted((a, b) => a - b);
    void Promise.all(held);
    return { firstMs: times[0], tenthMs: times.at(-1) };
  }
}
