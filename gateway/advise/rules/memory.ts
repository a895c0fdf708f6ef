// GW005: memory that grows steadily, told apart from growth that sessions, streams or the cache explain.
import { formatDuration } from '../../../config/units.ts';
import type { Change } from '../change.ts';
import type { Verdict } from '../finding.ts';
import { figure, mebibytes, time } from '../finding.ts';
import type { MinutePoint, Snapshot } from '../snapshot.ts';
import { correlation, mannKendall, theilSen } from '../trend.ts';

const RULE = 'GW005';
/** A process fills caches and compiles code in its first minutes. */
const WARM_UP_MINUTES = 10;
const MIN_POINTS = 30;
/** The last hour says it; an older rise that has ended is no leak. */
const MAX_POINTS = 60;
/** Beyond chance at 1 %. */
const RISES_Z = 2.33;
/** Growth over the points that matters: a share of the memory and a least amount. */
const GROWTH_SHARE = 0.05;
const GROWTH_BYTES = 4 * 1024 ** 2;
/** At this correlation the growth is that of something else. */
const EXPLAINED_R = 0.9;
/** A session may well be idle for so long while its user thinks. */
const LEAST_IDLE_MS = 60_000;

const explanations = {
  sessions: 'sessions',
  streams: 'open streams',
  cacheBytes: 'the cache',
} as const satisfies Partial<Record<keyof MinutePoint, string>>;

export function memory({ process, config }: Snapshot): Verdict {
  if (process === undefined) return abstain('log lines do not say how much memory the process had');
  const points = process.points.filter(({ minute }) => minute >= WARM_UP_MINUTES).slice(-MAX_POINTS);
  if (points.length < MIN_POINTS) {
    return abstain(`need ${MIN_POINTS} minutes after the first ${WARM_UP_MINUTES}, have ${points.length}`);
  }
  const heap = growth(points.map(({ heapBytes }) => heapBytes));
  const rss = growth(points.map(({ rssBytes }) => rssBytes));
  const [what, grown] = heap === undefined ? (['resident memory', rss] as const) : (['heap', heap] as const);
  if (grown === undefined) return { findings: [], abstentions: [] };
  const series = points.map((point) => (what === 'heap' ? point.heapBytes : point.rssBytes));
  const cause = (Object.keys(explanations) as (keyof typeof explanations)[])
    .map((key) => ({
      key,
      r: correlation(
        series,
        points.map((point) => point[key]),
      ),
    }))
    .toSorted((a, b) => b.r - a.r)
    .find(({ r }) => r >= EXPLAINED_R);
  const last = series.at(-1) as number;
  const leftMs = ((process.heapLimitBytes - last) / grown.perMinute) * 60_000;
  const rate = `${mebibytes(grown.perMinute)} a minute for ${points.length} minutes`;
  const until = what === 'heap' && leftMs > 0 ? `; the heap's limit is reached in ${time(leftMs)}` : '';
  const changes: Change[] =
    cause?.key === 'sessions' && config !== undefined && config.limits.session_idle > LEAST_IDLE_MS
      ? [
          {
            at: { section: 'limits' },
            key: 'session_idle',
            value: formatDuration(
              Math.max(LEAST_IDLE_MS, Math.round(config.limits.session_idle / 2 / 1000) * 1000),
            ),
          },
        ]
      : [];
  return {
    findings: [
      {
        id: RULE,
        severity: cause === undefined ? 'error' : cause.key === 'cacheBytes' ? 'info' : 'warn',
        subject: 'process',
        sentence:
          cause === undefined
            ? `The ${what} grew by ${rate} while sessions, streams and cache did not: it leaks${until}.`
            : `The ${what} grew by ${rate}, and ${explanations[cause.key]} with it (r ${cause.r.toFixed(2)})${until}.`,
        evidence: {
          window_s: points.length * 60,
          n: points.length,
          bytes_per_minute: figure(grown.perMinute),
          z: figure(grown.z),
          last_bytes: last,
          limit_bytes: process.heapLimitBytes,
        },
        action: actionFor(cause?.key),
        changes,
        expected:
          cause === undefined ? 'Memory that is the same after each collection.' : 'Memory that levels off.',
        confidence: points.length >= MAX_POINTS ? 'high' : 'medium',
        prediction: undefined,
      },
    ],
    abstentions: [],
  };
}

function growth(bytes: readonly number[]): { perMinute: number; z: number } | undefined {
  const z = mannKendall(bytes);
  if (z <= RISES_Z) return undefined;
  const perMinute = theilSen(bytes);
  const grown = perMinute * bytes.length;
  return grown >= GROWTH_BYTES && grown >= (bytes[0] as number) * GROWTH_SHARE ? { perMinute, z } : undefined;
}

function actionFor(cause: keyof typeof explanations | undefined): string {
  if (cause === 'sessions') return 'End idle sessions earlier.';
  if (cause === 'streams')
    return 'Look at who opens streams and keeps them; lower limits.streams_per_client.';
  if (cause === 'cacheBytes')
    return 'The cache fills up to cache.memory and stays there; lower it if need be.';
  return (
    'Restart in turn for now; take two heap snapshots some minutes apart ' +
    '(node --heapsnapshot-signal=SIGUSR2) and compare what has grown.'
  );
}

function abstain(sentence: string): Verdict {
  return { findings: [], abstentions: [{ id: RULE, subject: 'process', sentence }] };
}
