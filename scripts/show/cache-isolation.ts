// Shows that no user is served what is another's: 100 000 mixed calls, both eras, two gateways, one Redis.
import { closeConnections } from './calls.ts';
import { Fleet, ToolUpstream } from './fleet.ts';
import { isolationTools, mixedCalls, uniqueAnswers } from './isolation.ts';

const CALLS = Number(process.argv[2] ?? 100_000);
const keys = ['alice', 'bob', 'carol'].map((name) => `${name}-key-0123456789abcdef`);

const fleet = new Fleet();
const upstream = new ToolUpstream(uniqueAnswers());
try {
  const port = await fleet.lab.port();
  await fleet.redis(port);
  const url = await upstream.listen();
  const more = {
    redis: { url: `redis://127.0.0.1:${port}` },
    session_keys: ['6fd2c3f0a9be41d07c85e1b2934af86d'],
    clients: keys.map((key, i) => ({ id: `user${i}`, api_key: key })),
  };
  const gateways = [
    await fleet.gateway(url, { tools: isolationTools }, more),
    await fleet.gateway(url, { tools: isolationTools }, more),
  ];
  const startedAt = performance.now();
  const seen = await mixedCalls(
    gateways.map((one) => one.url),
    keys,
    CALLS,
  );
  const seconds = (performance.now() - startedAt) / 1000;
  process.stdout.write(
    `${JSON.stringify({ ...seen, upstream: upstream.calls, seconds: Math.round(seconds) })}\n`,
  );
  process.exitCode = seen.foreign + seen.wrong + seen.failed === 0 ? 0 : 1;
} finally {
  closeConnections();
  upstream.close();
  await fleet.close();
}
