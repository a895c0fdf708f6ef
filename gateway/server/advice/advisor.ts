// The advisor: advice from the live figures of a running gateway, and what came of advice that was followed.
import type { Config } from '../../../config/schema.ts';
import type { Advice } from '../../advise/advise.ts';
import { advise } from '../../advise/advise.ts';
import { AppliedFindings } from '../../advise/applied.ts';
import { rules } from '../../advise/finding.ts';
import { Ledger } from '../../advise/ledger.ts';
import type { Snapshot, ToolList } from '../../advise/snapshot.ts';
import type { Exchange } from '../../core/exchange.ts';
import type { Gateway } from '../../gateway.ts';
import type { Call } from '../../telemetry/access-log.ts';
import type { Labels } from '../../telemetry/instruments.ts';
import type { ProcessSamples } from './process-samples.ts';
import { repeatsOf } from './repeats.ts';

/** How far back the figures of calls go. */
const WINDOW_MINUTES = 15;
/** How long advice is good enough, in ms: pages and scrapes ask often, and making it may take this share of the time. */
const FRESH_MS = 1000;
const MOST_FRESH_MS = 10_000;
const SHARE = 0.02;

/** Follows the calls of one process. */
export class Advisor {
  readonly #current: () => Gateway;
  readonly #samples: ProcessSamples;
  readonly #ledger = new Ledger(WINDOW_MINUTES);
  readonly #applied = new AppliedFindings();
  #advice: Advice | undefined;
  /** Unix ms until which the advice made last is good enough. */
  #freshUntil = 0;

  constructor(current: () => Gateway, samples: ProcessSamples) {
    this.#current = current;
    this.#samples = samples;
  }

  /** A tool call has ended. */
  readonly callEnded = (x: Exchange, { pool, label, durationMs, upstreamMs }: Call): void => {
    const { endpoint, errorType, attempts, cacheStatus, queueMs } = x;
    this.#ledger.add({
      at: Date.now(),
      client: x.principal.id,
      pool,
      endpoint: endpoint?.label,
      tool: label,
      durationMs,
      upstreamMs,
      queueMs,
      errorType,
      attempts,
      cache: cacheStatus,
    });
  };

  /** What there is to say now. */
  advice(): Advice {
    const now = Date.now();
    if (this.#advice === undefined || now >= this.#freshUntil) {
      const begun = performance.now();
      this.#advice = advise(
        this.#snapshot(now, this.#current()),
        this.#applied.review(now, (since) => this.#ledger.read(now, since)),
      );
      const wanted = (performance.now() - begun) / SHARE;
      this.#freshUntil = now + Math.min(MOST_FRESH_MS, Math.max(FRESH_MS, wanted));
      this.#applied.told(this.#advice.findings, now);
    }
    return this.#advice;
  }

  /** The configuration has changed: what was advised before may have been followed. */
  changed(before: Config, after: Config): void {
    const now = Date.now();
    this.#ledger.cut(now);
    this.#applied.changed(before, after, now);
    this.#advice = undefined;
  }

  /** Findings by rule and severity; every rule is there, so that one that falls silent is seen to. */
  readonly counts = (): [Labels, number][] => {
    const { findings } = this.advice();
    return Object.keys(rules).flatMap((rule) =>
      (['info', 'warn', 'error'] as const).map((severity): [Labels, number] => [
        { rule, severity },
        findings.filter((finding) => finding.id === rule && finding.severity === severity).length,
      ]),
    );
  };

  #snapshot(now: number, { config, pools, cache }: Gateway): Snapshot {
    return {
      ...this.#ledger.read(now),
      source: 'live',
      config,
      repeats: cache.ghost.figures().map(repeatsOf),
      process: this.#samples.figures(),
      toolLists: Array.from(
        pools,
        ([pool, { catalogue }]): ToolList => ({
          pool,
          tools: Array.from(catalogue.tools.values(), ({ name, annotations, chars }) => ({
            name,
            chars,
            readOnly: readOnlyHint(annotations),
          })),
        }),
      ),
      cache: { bytes: cache.memory.bytes, evictions: this.#samples.evictions(WINDOW_MINUTES) },
    };
  }
}

/** What a tool says of itself; hints are not to be trusted blindly, but the operator decides on the proposal. */
function readOnlyHint({ readOnlyHint: hint }: Readonly<Record<string, unknown>>): boolean | undefined {
  return typeof hint === 'boolean' ? hint : undefined;
}
