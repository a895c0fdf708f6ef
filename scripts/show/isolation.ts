// Mixed calls of several users through several gateways, and whether anyone ever got what was another's.
import type { Caller } from './calls.ts';
import { atOnce, callTool, openSession } from './calls.ts';

/** What was seen. */
export interface Isolation {
  readonly calls: number;
  /** Answers from the cache, in one way or another. */
  readonly cached: number;
  /** Answers under scope client that another user had got before. */
  readonly foreign: number;
  /** Answers to other arguments, or under another id. */
  readonly wrong: number;
  readonly failed: number;
}

/** The rules that `mixedCalls` goes by: `mine` is each client's own, `ours` is shared. */
export const isolationTools = [
  { match: 'mine', cache: { ttl: '2s', stale_while_revalidate: '2s' } },
  { match: 'ours', cache: { ttl: '2s', scope: 'public' } },
];

/** The upstream's answers: each is unique, and says what was asked. */
export function uniqueAnswers(): (name: string, args: Record<string, unknown>) => string {
  let count = 0;
  return (name, args) => `${name} ${String(args['n'])} ${++count}`;
}

/** Has each of `keys` call both tools in both eras at all `urls`, with few arguments so that most calls meet. */
export async function mixedCalls(
  urls: readonly string[],
  keys: readonly string[],
  calls: number,
): Promise<Isolation> {
  const callers: (Caller & { key: string })[] = [];
  for (const url of urls) {
    for (const key of keys) {
      callers.push({ url, key }, { url, key, session: await openSession({ url, key }) });
    }
  }
  const owners = new Map<string, string>();
  const seen = { cached: 0, foreign: 0, wrong: 0, failed: 0 };
  await atOnce(64, calls, async (id) => {
    const caller = callers[Math.floor(Math.random() * callers.length)] as Caller & { key: string };
    const tool = Math.random() < 0.75 ? 'mine' : 'ours';
    const n = Math.floor(Math.random() ** 3 * 200);
    const { status, text, cached, id: answered } = await callTool(caller, tool, { n, same: 'for all' }, id);
    if (status !== 200 || text === undefined) seen.failed++;
    else {
      if (cached !== undefined) seen.cached++;
      if (!text.startsWith(`${tool} ${n} `) || answered !== id) seen.wrong++;
      const owner = owners.get(text);
      if (owner === undefined) owners.set(text, caller.key);
      else if (owner !== caller.key && tool === 'mine') seen.foreign++;
    }
  });
  return { calls, ...seen };
}
