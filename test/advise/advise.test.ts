// The advice: for each line of the scaling guide, figures in which that rule speaks and no other.
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { advise } from '../../gateway/advise/advise.ts';
import { patchOf } from '../../gateway/advise/patch.ts';
import type { Snapshot } from '../../gateway/advise/snapshot.ts';
import { configOf, repeats, snapshotOf, traffic } from './figures.ts';
import { scenarios, snapshotFor } from './scenarios.ts';

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

  it('takes no time that the gateway itself was slow for waiting', () => {
    const late = traffic({ calls: 24_000, upstreamMs: () => 240, waitMs: (r) => 100 + 100 * r });
    const { findings } = advise(snapshotOf(late.map((call) => ({ ...call, queueMs: 0 }))));
    expect(findings.map(({ id }) => id)).not.toContain('GW006');
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
    const other = traffic({ pool: 'db', client: 'night', seed: 99, calls: 2000 });
    const said = (snapshot: Snapshot) =>
      advise(snapshot).findings.map(({ id, subject, sentence }) => ({ id, subject, sentence }));
    expect(said(snapshotFor(scenario, other))).toEqual(said(snapshotFor(scenario)));
  });
});
