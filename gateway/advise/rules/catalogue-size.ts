// GW012: tool lists so long that they fill the context of the models that are to choose from them.
import type { Verdict } from '../finding.ts';
import { figure, percent } from '../finding.ts';
import type { Snapshot } from '../snapshot.ts';

/** What a token is worth in characters of JSON, roughly. */
const CHARS_PER_TOKEN = 4;
/** Tokens of one list: a tenth, and a quarter, of a context of 200 000. */
const LARGE = 20_000;
const TOO_LARGE = 50_000;
const SHOWN = 3;

export function catalogueSize({ config, toolLists, windowS }: Snapshot): Verdict {
  const verdict: Verdict = { findings: [], abstentions: [] };
  if (config === undefined || toolLists === undefined) {
    const sentence = 'log lines do not hold the tool lists';
    return { findings: [], abstentions: [{ id: 'GW012', subject: 'all routes', sentence }] };
  }
  for (const { path, pools } of config.routes) {
    const tools = toolLists
      .filter(({ pool }) => pools.includes(pool))
      .flatMap(({ pool, tools: listed }) => listed.map((tool) => ({ ...tool, pool })));
    const tokens = Math.round(tools.reduce((sum, { chars }) => sum + chars, 0) / CHARS_PER_TOKEN);
    if (tokens < LARGE) continue;
    const largest = tools
      .toSorted((a, b) => b.chars - a.chars)
      .slice(0, SHOWN)
      .map(({ name, chars }) => `\`${name}\` (${Math.round(chars / CHARS_PER_TOKEN)})`);
    verdict.findings.push({
      id: 'GW012',
      severity: tokens >= TOO_LARGE ? 'warn' : 'info',
      subject: path,
      sentence:
        `The ${tools.length} tools behind ${path} take about ${tokens} tokens of every client's context, ` +
        `${percent(tokens / 200_000)} of 200 000; the largest are ${largest.join(', ')}.`,
      evidence: { window_s: figure(windowS), n: tools.length, tokens },
      action:
        'Give clients routes with the pools that they need, allow each client its tools (clients[].tools), ' +
        'or shorten descriptions at the servers.',
      changes: [],
      expected: 'Cheaper conversations, and models that choose the right tool more often.',
      confidence: 'medium',
      prediction: undefined,
    });
  }
  return verdict;
}
