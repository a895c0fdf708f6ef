// Scenarios: for each line of the scaling guide, figures in which that rule speaks and no other, and its patch.
import { expect } from 'vitest';
import type { Call } from '../../gateway/advise/calls.ts';
import type { Snapshot } from '../../gateway/advise/snapshot.ts';
import type { Traffic } from './figures.ts';
import { configOf, fileOf, minutes, repeats, snapshotOf, traffic } from './figures.ts';

const MiB = 1024 ** 2;
const process = (points: ReturnType<typeof minutes>) => ({ points, heapLimitBytes: 2048 * MiB, cores: 4 });

export interface Scenario {
  readonly name: string;
  readonly id: string | undefined;
  /** What its gateway.yaml holds. */
  readonly file?: Record<string, unknown>;
  readonly says?: RegExp;
  readonly patch?: unknown;
  readonly traffic?: readonly Traffic[];
  readonly more?: Partial<Snapshot>;
}

const second = 'http://127.0.0.1:8002/mcp';
const withPool = (settings: Record<string, unknown>, limits = {}) =>
  fileOf({
    limits,
    pools: [
      {
        name: 'search',
        endpoints: [{ url: 'http://127.0.0.1:8001/mcp' }, { url: 'http://127.0.0.1:8002/mcp' }],
        ...settings,
      },
    ],
    routes: [{ path: '/mcp', pools: ['search'] }],
  });
/** Calls in flight that rise and fall, and how long each takes with so many. */
const wave = (i: number) => 4 + 3.6 * Math.sin((i / 3000) * 12 * Math.PI);

export const scenarios: Scenario[] = [
  { name: 'nothing wrong', id: undefined, traffic: [{}] },
  {
    name: 'a slow tool',
    id: 'GW001',
    says: /`report` makes 100 % of the slow calls .* 99 % of that time|100 % of that time was spent upstream/,
    patch: { pools: [{ name: 'search', tools: [{ match: 'report', concurrency: 2 }] }] },
    traffic: [{}, { tool: 'report', calls: 200, upstreamMs: (r) => 1500 + 3000 * r }],
  },
  {
    name: 'hot repeats',
    id: 'GW002',
    says: /1320 of 3000 calls repeated one of the last 60 s; keeping results for 1m would have answered 44 %/,
    patch: { pools: [{ name: 'search', tools: [{ match: 'find', cache: { ttl: '1m' } }] }] },
    traffic: [{}],
    more: {
      repeats: [
        repeats({
          repeats: [
            { ttlMs: 10_000, sameClient: 510, anyClient: 800 },
            { ttlMs: 60_000, sameClient: 1320, anyClient: 1700 },
            { ttlMs: 300_000, sameClient: 1500, anyClient: 2000 },
          ],
          compared: 1320,
        }),
      ],
    },
  },
  {
    name: 'a cache rule that earns nothing',
    id: 'GW003',
    says: /answered \d+ of 3000 calls of `find`/,
    traffic: [{ cache: (r) => (r < 0.02 ? 'hit' : 'miss') }],
  },
  {
    name: 'a cache that is too small',
    id: 'GW003',
    says: /The cache is full, 62 MiB of 64 MiB, and threw out 1000 entries/,
    patch: { cache: { memory: '128MiB' } },
    traffic: [{ cache: (r) => (r < 0.3 ? 'hit' : 'miss') }],
    more: { cache: { bytes: 62 * MiB, evictions: 1000 } },
  },
  {
    name: 'a busy loop',
    id: 'GW004',
    says: /busy for 83 % of the last 10 minutes; 2 instances in place of this one would be at 41 % each/,
    traffic: [{}],
    more: { process: process(minutes(90, () => ({ busy: 0.83 }))) },
  },
  {
    name: 'a processor limit',
    id: 'GW004',
    says: /held back in 12 % of its processor periods while the event loop was busy for 30 %/,
    traffic: [{}],
    more: { process: process(minutes(90, () => ({ busy: 0.3, throttled: 0.12 }))) },
  },
  {
    name: 'a leak',
    id: 'GW005',
    says: /The heap grew by 1(\.\d)? MiB a minute for 60 minutes while sessions, streams and cache did not: it leaks/,
    traffic: [{}],
    more: {
      process: process(minutes(90, (m, random) => ({ heapBytes: (40 + m + 3 * random()) * MiB }))),
    },
  },
  {
    name: 'memory that grows with sessions',
    id: 'GW005',
    says: /and sessions with it \(r (0\.9\d|1\.00)\)/,
    patch: { limits: { session_idle: '15m' } },
    traffic: [{}],
    more: {
      process: process(
        minutes(90, (m, random) => ({ heapBytes: (40 + m + 3 * random()) * MiB, sessions: 20 + m * 10 })),
      ),
    },
  },
  { name: 'memory that warms up and stays', id: undefined, traffic: [{}], more: warmUp() },
  {
    name: 'a full pool that needs more room',
    id: 'GW006',
    says: /is full: .* have 8 \(2 × max_in_flight 4\)/,
    patch: { pools: [{ name: 'search', max_in_flight: expect.any(Number) }] },
    traffic: [{ calls: 24_000, upstreamMs: () => 195, waitMs: (r) => 100 + 100 * r }],
    file: withPool({ max_in_flight: 4 }),
  },
  {
    name: 'a full pool that more room would make worse',
    id: 'GW006',
    says: /a bigger pool would make it worse/,
    patch: { pools: [{ name: 'search', max_in_flight: 3 }] },
    traffic: [
      {
        calls: 12_000,
        // Twenty calls a second whatever is in flight, so that the time taken is what is in flight by Little's law.
        upstreamMs: (_r, _e, i) => (wave(i / 4) / 20) * 1000,
        waitMs: (_r, i) => (wave(i / 4) > 7 ? 80 : 0),
      },
    ],
    file: withPool({ max_in_flight: 4 }),
  },
  {
    name: 'a client at its own limit',
    id: 'GW006',
    says: /Client ci is at its own limit: .* and have 10 slots/,
    patch: { limits: { concurrency: expect.any(Number) } },
    traffic: [{ calls: 24_000, upstreamMs: () => 240, waitMs: (r) => 100 + 100 * r }],
  },
  {
    name: 'an endpoint that fails',
    id: 'GW007',
    says: /5\.2 % of the calls to pool search fail; 100 % of the failures are at http:\/\/127.0.0.1:8002\/mcp/,
    traffic: [
      { errorType: (r, endpoint) => (endpoint === second && r < 0.1 ? 'upstream_failed' : undefined) },
    ],
  },
  {
    name: 'a tool that fails everywhere',
    id: 'GW007',
    says: /`find` has 100 % of the failures, most are errors of the tool itself/,
    traffic: [{ errorType: (r) => (r < 0.05 ? 'tool_error' : undefined) }],
  },
  {
    name: 'callers that are refused',
    id: undefined,
    traffic: [{ errorType: (r) => (r < 0.2 ? 'forbidden' : undefined) }],
  },
  {
    name: 'an endpoint that is slow',
    id: 'GW008',
    says: /8002\/mcp takes .* s where the other endpoints of pool search take .* ms for the same tool/,
    patch: { pools: [{ name: 'search', balance: 'peak_ewma' }] },
    traffic: [{ upstreamMs: (r, endpoint) => (endpoint === second ? 1500 + 1500 * r : 50 + 100 * r) }],
  },
  {
    name: 'retries that hide what fails',
    id: 'GW009',
    says: /20 % of the calls to pool search were tried again, .* 0 % of those calls failed all the same/,
    traffic: [{ attempts: (r) => (r < 0.2 ? 2 : 1) }],
  },
  {
    name: 'a timeout that is too short',
    id: 'GW010',
    says: /ran into its timeout of 1 s, and those that succeed take up to .* it is too short/,
    patch: { pools: [{ name: 'search', tools: [{ match: 'find', timeout: '2s' }] }] },
    traffic: [
      { upstreamMs: (r) => 200 + 780 * r ** 3, errorType: (r) => (r < 0.03 ? 'timeout' : undefined) },
    ],
    file: withPool({ timeout: '1s' }),
  },
  {
    name: 'a timeout that is too short, and max_timeout with it',
    id: 'GW010',
    says: /ran into its timeout of 1 s/,
    patch: { pools: [{ name: 'search', tools: [{ match: 'find', timeout: '2s', max_timeout: '2s' }] }] },
    traffic: [
      { upstreamMs: (r) => 200 + 780 * r ** 3, errorType: (r) => (r < 0.03 ? 'timeout' : undefined) },
    ],
    file: withPool({}, { timeout: '1s', max_timeout: '1500ms' }),
  },
  {
    name: 'a timeout that waits for what hangs',
    id: 'GW010',
    says: /the others hang, and wait too long for nothing/,
    patch: { pools: [{ name: 'search', tools: [{ match: 'find', timeout: '1s' }] }] },
    traffic: [{ errorType: (r) => (r < 0.03 ? 'timeout' : undefined) }],
  },
  {
    name: 'no headroom',
    id: 'GW013',
    says: /has no headroom: p50 is 4\d\d ms of 500 ms/,
    traffic: [{ upstreamMs: (r) => 400 + 100 * r, calls: 1500 }],
  },
];

function warmUp(): Partial<Snapshot> {
  const points = minutes(90, (m, random) => ({ heapBytes: (40 + Math.min(m, 12) * 4 + 3 * random()) * MiB }));
  return { process: process(points) };
}

/** What the rules go by in a scenario; `file` in place of its own. */
export function snapshotFor(
  { traffic: kinds = [{}], more, file }: Scenario,
  other: readonly Call[] = [],
): Snapshot {
  const calls = kinds.flatMap((kind, i) => traffic({ seed: i + 1, ...kind }));
  return snapshotOf([...calls, ...other], { config: configOf(file), ...more });
}
