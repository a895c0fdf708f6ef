// GW011: tools of the same name in several pools behind one path.
import type { Verdict } from '../finding.ts';
import { figure } from '../finding.ts';
import type { Snapshot } from '../snapshot.ts';

const SHOWN = 5;

export function toolNames({ config, toolLists, windowS }: Snapshot): Verdict {
  const verdict: Verdict = { findings: [], abstentions: [] };
  if (config === undefined) return verdict;
  for (const { path, pools, prefix } of config.routes) {
    if (pools.length < 2 || prefix === 'always') continue;
    const known = toolLists?.filter(({ pool }) => pools.includes(pool)) ?? [];
    if (known.length < pools.length) {
      const sentence = `need the tools of ${pools.length} pools, have those of ${known.length}`;
      verdict.abstentions.push({ id: 'GW011', subject: path, sentence });
    }
    const owners = new Map<string, string[]>();
    for (const { pool, tools } of known) {
      for (const { name } of tools) owners.set(name, [...(owners.get(name) ?? []), pool]);
    }
    const twice = [...owners].filter(([, names]) => names.length > 1);
    if (twice.length === 0) continue;
    const shown = twice.slice(0, SHOWN).map(([name, names]) => `\`${name}\` (${names.join(', ')})`);
    const more = twice.length > SHOWN ? ` and ${twice.length - SHOWN} more` : '';
    const hidden = prefix === 'never';
    verdict.findings.push({
      id: 'GW011',
      severity: hidden ? 'error' : 'info',
      subject: path,
      sentence:
        `${twice.length} tool name${twice.length === 1 ? '' : 's'} behind ${path} belong${twice.length === 1 ? 's' : ''} to several pools: ${shown.join(', ')}${more}; ` +
        (hidden
          ? 'only one of each can be called.'
          : 'they alone have a prefix, which comes and goes with the clash.'),
      evidence: { window_s: figure(windowS), n: owners.size, duplicates: twice.length },
      action: `Give each of the pools behind ${path} a route of its own, or rename the tools at their servers.`,
      changes: [],
      expected: 'Every tool has one name, and keeps it.',
      confidence: 'high',
      prediction: undefined,
    });
  }
  return verdict;
}
