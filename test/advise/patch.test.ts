// Patches: what they make of gateway.yaml is valid, and takes nothing away from the tools that they name.
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import { advise } from '../../gateway/advise/advise.ts';
import { reportOf } from '../../gateway/advise/report.ts';
import { compileToolRules } from '../../gateway/core/tool-rules.ts';
import { configOf, fileOf, snapshotOf, traffic } from './figures.ts';
import { mergePatch } from './merge-patch.ts';
import type { Scenario } from './scenarios.ts';
import { scenarios, snapshotFor } from './scenarios.ts';

type Settings = Record<string, unknown>;
interface Patch {
  readonly pools?: readonly {
    readonly name: string;
    readonly tools?: readonly { readonly match: string }[];
  }[];
}

const inVain: Scenario = {
  name: 'retries in vain',
  id: 'GW009',
  traffic: [
    {
      errorType: (r) => (r < 0.3 ? 'upstream_failed' : undefined),
      attempts: (_r, errorType) => (errorType === undefined ? 1 : 2),
    },
  ],
};

const glob = {
  match: '*',
  response_chars: 900,
  retry: 'safe',
  hedge: { after: '300ms' },
};
const withCache = { ...glob, cache: { ttl: '90s', tags: ['all'], max_entry: '64KiB' }, invalidates: ['all'] };

/** The file of a scenario, with these rules in each of its pools. */
function withRules(scenario: Scenario, rules: readonly Settings[]): Scenario {
  const file = scenario.file ?? fileOf();
  return {
    ...scenario,
    file: { ...file, pools: (file['pools'] as Settings[]).map((pool) => ({ ...pool, tools: rules })) },
  };
}

/** The patch that the advice on a scenario proposes, and the configurations before and after it. */
function followed(scenario: Scenario): { patch: Patch; before: Config; after: Config } {
  const file = scenario.file ?? fileOf();
  const report = reportOf(advise(snapshotFor(scenario)));
  const patch = (parse(report.patch) ?? {}) as Patch & Settings;
  const loaded = parseConfig(JSON.stringify(mergePatch(file, patch)), { file: 'patched', env: {}, dir: '.' });
  expect(loaded.ok ? [] : loaded.problems).toEqual([]);
  return { patch, before: configOf(file), after: (loaded as { config: Config }).config };
}

function ruleOf(config: Config, pool: string, tool: string): Settings {
  return { ...compileToolRules(config.pools.find(({ name }) => name === pool)?.tools ?? [])?.(tool) };
}

describe('the patch', () => {
  it.each([...scenarios, inVain])('for $name is one that check accepts', (scenario) => {
    const { patch, before, after } = followed(scenario);
    if (Object.keys(patch).length > 0) expect(after).not.toEqual(before);
  });

  it.each([
    ['a rule for all tools', [glob]],
    ['a rule of the tool behind one for all', [glob, { match: 'find', response_chars: 5 }]],
    [
      'a rule of the tool',
      [
        { ...glob, match: 'find' },
        { ...glob, match: 'report' },
      ],
    ],
  ])('loses nothing of %s', (_name, rules) => {
    let held = 0;
    for (const scenario of scenarios) {
      const { patch, before, after } = followed(withRules(scenario, rules));
      for (const { name, tools = [] } of patch.pools ?? []) {
        for (const { match: tool } of tools) {
          const { match: _was, ...kept } = ruleOf(before, name, tool);
          const { match, ...now } = ruleOf(after, name, tool);
          expect(match).toBe(tool);
          const asked = ['concurrency', 'cache', 'timeout', 'max_timeout'];
          const others = Object.entries(kept).filter(([key]) => !asked.includes(key));
          expect(now).toMatchObject(Object.fromEntries(others));
          held++;
        }
      }
    }
    expect(held).toBeGreaterThanOrEqual(4);
  });

  it('keeps the cache rule of a glob, in the words of the file and without what goes without saying', () => {
    const slow = traffic({ tool: 'report', calls: 200, upstreamMs: (r) => 1500 + 3000 * r });
    const [search, ...pools] = fileOf()['pools'] as Settings[];
    const config = configOf(fileOf({ pools: [{ ...search, tools: [withCache] }, ...pools] }));
    const { patch } = reportOf(advise(snapshotOf(slow, { config })));
    const { match: _glob, ...kept } = withCache;
    const rule = { match: 'report', ...kept, concurrency: 2 };
    expect(parse(patch)).toEqual({ pools: [{ name: 'search', tools: [rule] }] });
  });

  it.each(['_other', 'all*'])('names no tool %s, which no rule can mean', (tool) => {
    const slow = traffic({ tool, calls: 200, upstreamMs: (r) => 1500 + 3000 * r });
    const hangs = traffic({ tool, errorType: (r) => (r < 0.03 ? 'timeout' : undefined) });
    const [first, second] = [slow, hangs].map((calls) => advise(snapshotOf(calls)).findings);
    expect([first, second].map((findings) => findings?.[0]?.id)).toEqual(['GW001', 'GW010']);
    expect([first, second].flatMap((findings) => findings?.flatMap(({ changes }) => changes))).toEqual([]);
  });
});
