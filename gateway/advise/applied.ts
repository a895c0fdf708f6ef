// Applied findings: advice that was followed, and whether what it predicted has come true.
import type { Config } from '../../config/schema.ts';
import { cameAbout } from './change.ts';
import { isTimeout } from './error-types.ts';
import type { Finding, Prediction } from './finding.ts';
import { MIN_CALLS, percent, time } from './finding.ts';
import { byTool, total } from './rollup.ts';
import type { CallFigures } from './snapshot.ts';

/** A finding whose change was made; `achieved` is undefined while too few calls have been seen since. */
export interface Applied {
  readonly finding: Finding;
  /** Unix ms. */
  readonly at: number;
  readonly predicted: number;
  readonly achieved: number | undefined;
  readonly sentence: string;
}

/** How long after it was told a finding may be followed, in ms. */
const REMEMBERED_MS = 86_400_000;
/** Kept before the oldest are forgotten. */
const MAX_KEPT = 50;

/** Remembers the findings of one process. */
export class AppliedFindings {
  readonly #told = new Map<string, { readonly finding: Finding; readonly at: number }>();
  #kept: { readonly finding: Finding; readonly prediction: Prediction; readonly at: number }[] = [];

  /** Findings that somebody may have read at `at` (Unix ms), and may follow later. */
  told(findings: readonly Finding[], at: number): void {
    for (const [key, told] of this.#told) if (at - told.at > REMEMBERED_MS) this.#told.delete(key);
    for (const finding of findings) {
      const key = keyOf(finding);
      if (this.#told.has(key) || this.#told.size < MAX_KEPT) this.#told.set(key, { finding, at });
    }
  }

  /** The configuration has changed. `at`: Unix ms. */
  changed(before: Config, after: Config, at: number): void {
    for (const { finding } of this.#told.values()) {
      const { prediction, changes } = finding;
      if (prediction === undefined || !changes.some((change) => cameAbout(change, before, after))) continue;
      this.#kept = this.#kept.filter((kept) => keyOf(kept.finding) !== keyOf(finding));
      this.#kept.push({ finding, prediction, at });
    }
    this.#kept = this.#kept.slice(-MAX_KEPT);
  }

  /** Sets predictions against what has happened since; `read` gives the figures since an instant. */
  review(now: number, read: (since: number) => CallFigures): Applied[] {
    return this.#kept.map(({ finding, prediction, at }) => {
      const { value: predicted } = prediction;
      const { achieved, n } = measure(prediction, read(at));
      const ago = `${finding.id} for ${finding.subject} applied ${time(now - at)} ago`;
      const sentence =
        achieved === undefined
          ? `${ago}: need ${MIN_CALLS} calls since to judge, have ${n}`
          : `${ago}: predicted ${said(prediction, predicted)}, got ${said(prediction, achieved)}`;
      return { finding, at, predicted, achieved, sentence };
    });
  }
}

function keyOf({ id, subject }: Finding): string {
  return `${id} ${subject}`;
}

function said({ figure }: Prediction, value: number): string {
  if (figure === 'attempts_per_call') return `${value.toFixed(2)} attempts a call`;
  const of = { hit_ratio: 'hits', slow_share: 'slow', waited_share: 'waiting', timeout_share: 'timeouts' };
  return `${percent(value)} ${of[figure]}`;
}

/** The predicted figure as it is now; `n`: the calls it goes by. */
function measure(prediction: Prediction, figures: CallFigures): { achieved: number | undefined; n: number } {
  const { figure, pool, tool, client } = prediction;
  if (client !== undefined) {
    const own = figures.clients.find((one) => one.client === client);
    return judged(own?.waited ?? 0, own?.calls ?? 0);
  }
  const cells = figures.pools.find(({ name }) => name === pool)?.cells ?? [];
  const sums = tool === undefined ? total(cells) : byTool(cells).get(tool);
  if (sums === undefined) return { achieved: undefined, n: 0 };
  if (figure === 'hit_ratio') {
    const { hit, stale, coalesced, miss } = sums.cache;
    return judged(hit + stale + coalesced, hit + stale + coalesced + miss);
  }
  if (figure === 'slow_share') return judged(sums.slow, sums.answered.count);
  if (figure === 'waited_share') return judged(sums.waited, sums.forwarded);
  if (figure === 'timeout_share') return judged(sums.failures(isTimeout), sums.forwarded);
  return judged(sums.attempts, sums.forwarded);
}

function judged(part: number, n: number): { achieved: number | undefined; n: number } {
  return { achieved: n < MIN_CALLS ? undefined : part / n, n };
}
