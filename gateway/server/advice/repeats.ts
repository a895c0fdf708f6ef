// What the ghost of the cache has seen, in the words of the advice.
import type { RepeatFigures } from '../../advise/snapshot.ts';
import type { GhostFigures } from '../../cache/ghost.ts';
import { GHOST_TTLS_MS } from '../../cache/ghost-tally.ts';

export function repeatsOf(seen: GhostFigures): RepeatFigures {
  const { pool, tool, calls, clientHits, publicHits } = seen;
  return {
    pool,
    tool,
    lookups: calls,
    repeats: GHOST_TTLS_MS.map((ttlMs, i) => ({
      ttlMs,
      sameClient: clientHits[i] ?? 0,
      anyClient: publicHits[i] ?? 0,
    })),
    compared: seen.same + seen.different,
    changed: seen.different,
    comparedAcross: seen.sameForOthers + seen.differentForOthers,
    changedAcross: seen.differentForOthers,
  };
}
