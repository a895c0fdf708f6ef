// The advice: for each line of the scaling guide, figures in which that rule speaks and no other.
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { advise } from '../../gateway/advise/advise.ts';
import { patchOf } from '../../gateway/advise/patch.ts';
import type { Snapshot } from '../../gateway/advise/snapshot.ts';
import type { Traffic } from './scenario.ts';
import { configOf, minutes, repeats, snapshotOf, traffic } from './scenario.ts';

const MiB = 1024 ** 2;
const process = (points: ReturnType<typeof minutes>) => ({ points, heapLimitBytes: 2048 * MiB, cores: 4 });

interface Scenario {
  readonly name: string;
  readonly id: string | undefined;
  readonly says?: RegExp;
  readonly patch?: unknown;
  readonly traffic?: readonly Traffic[];
  readonly more?: Partial<Snapshot>;
}

const second = 'http://127.0.0.1:8002/mcp';
const withPool = (settings: Record<string, unknown>) =>
  configOf({
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

const scenarios: Scenario[] = [
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
    name: 'a busy loop',
    id: 'GW004',
    says: /busy for 83 % of the last 10 minutes; 2 processes instead of 1 would be at 41 %/,
    patch: { listen: { workers: 2 } },
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
    more: { config: withPool({ max_in_flight: 4 }) },
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
    more: { config: withPool({ max_in_flight: 4 }) },
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
    more: { config: withPool({ timeout: '1s' }) },
  },
  {
    name: 'a timeout that waits for what hangs',
    id: 'GW010',
    says: /the others hang, and wait too long for nothing/,
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

function snapshotFor({ traffic: kinds = [{}], more }: Scenario): Snapshot {
  return snapshotOf(
    kinds.flatMap((kind, i) => traffic({ seed: i + 1, ...kind })),
    more,
  );
}

describe('advice', () => {
  it('has retries stopped that fail all the same, beside the failures themselves', () => {
    const broken = traffic({ errorType: (r) => (r < 0.3 ? 'upstream_failed' : undefined) });
    const calls = broken.map((call) => ({ ...call, attempts: call.errorType === undefined ? 1 : 2 }));
    const { findings } = advise(snapshotOf(calls));
    expect(findings.map(({ id }) => id)).toEqual(['GW007', 'GW009']);
    expect(patchOf(findings[1]?.changes ?? [])).toBe(
      'pools:\n  - name: search\n    retry:\n      attempts: 1\n      budget_percent: 20\n',
    );
  });

  it('is silent below the least sample, and says what it lacks', () => {
    const slow = traffic({ calls: 31, upstreamMs: () => 9000, errorType: () => undefined });
    const { findings, abstentions } = advise(snapshotOf(slow, { repeats: [], process: undefined }));
    expect(findings).toEqual([]);
    expect(abstentions).toContainEqual({
      id: 'GW001',
      subject: 'search/find',
      sentence: 'need 100 calls, have 31',
    });
  });

  it('proposes no cache for a tool that may write, does not say, or answers differently', () => {
    const hot = { repeats: [{ ttlMs: 60_000, sameClient: 1500, anyClient: 1500 }], compared: 1500 };
    const tools = (readOnly: boolean | undefined) => [
      { pool: 'search', tools: [{ name: 'find', chars: 100, readOnly }] },
    ];
    const said = (readOnly: boolean | undefined, changed: number) => {
      const more = { toolLists: tools(readOnly), repeats: [repeats({ ...hot, changed })] };
      const { findings, abstentions } = advise(snapshotOf(traffic(), more));
      expect(findings).toEqual([]);
      return abstentions.filter(({ id }) => id === 'GW002').map(({ sentence }) => sentence);
    };
    expect(said(false, 0)).toEqual(['its calls repeat, but it is not read-only']);
    expect(said(undefined, 0)).toEqual(['its calls repeat, but it does not say that it is read-only']);
    expect(said(true, 300)).toEqual([
      'its calls repeat, but 300 of 1500 results differed for equal arguments',
    ]);
  });

  it('proposes to share results only where those of other clients were the same', () => {
    const hot = { repeats: [{ ttlMs: 60_000, sameClient: 1000, anyClient: 2000 }], compared: 1000 };
    const scope = (changedAcross: number) => {
      const figures = repeats({ ...hot, comparedAcross: 500, changedAcross });
      const [finding] = advise(snapshotOf(traffic(), { repeats: [figures] })).findings;
      return finding?.changes[0]?.value;
    };
    expect(scope(0)).toEqual({ ttl: '1m', scope: 'public' });
    expect(scope(1)).toEqual({ ttl: '1m' });
  });

  it('names tools that several pools behind one path list, and lists that fill a context', () => {
    const routes = [{ path: '/mcp', pools: ['search', 'db'], prefix: 'never' as const }];
    const config = { ...configOf(), routes };
    const lists = ['search', 'db'].map((pool) => ({
      pool,
      tools: [{ name: 'find', chars: 60_000, readOnly: true }],
    }));
    const { findings } = advise(snapshotOf(traffic(), { config, toolLists: lists }));
    expect(findings.map(({ id, sentence }) => [id, sentence])).toEqual([
      [
        'GW011',
        '1 tool name behind /mcp belongs to several pools: `find` (search, db); only one of each can be called.',
      ],
      [
        'GW012',
        "The 2 tools behind /mcp take about 30000 tokens of every client's context, 15 % of 200 000; " +
          'the largest are `find` (15000), `find` (15000).',
      ],
    ]);
  });

  it.each(scenarios)('for $name', (scenario) => {
    const { findings } = advise(snapshotFor(scenario));
    expect(findings.map(({ id }) => id)).toEqual(scenario.id === undefined ? [] : [scenario.id]);
    const [finding] = findings;
    if (scenario.says !== undefined) expect(finding?.sentence).toMatch(scenario.says);
    if (scenario.patch !== undefined) expect(parse(patchOf(finding?.changes ?? []))).toEqual(scenario.patch);
  });

  it.each(scenarios)('for $name is the same beside traffic that has nothing to do with it', (scenario) => {
    const { traffic: kinds = [{}], more } = scenario;
    const calls = kinds.flatMap((kind, i) => traffic({ seed: i + 1, ...kind }));
    const other = traffic({ pool: 'db', client: 'night', seed: 99, calls: 2000 });
    const said = (snapshot: Snapshot) =>
      advise(snapshot).findings.map(({ id, subject, sentence }) => ({ id, subject, sentence }));
    expect(said(snapshotOf([...calls, ...other], more))).toEqual(said(snapshotOf(calls, more)));
  });
});
