// Advice: runs every rule over a snapshot; the scaling guide as a function from figures to findings.
import type { Applied } from './applied.ts';
import type { Abstention, Finding, Severity, Verdict } from './finding.ts';
import { cacheEarnings } from './rules/cache-earnings.ts';
import { cacheTool } from './rules/cache-tool.ts';
import { catalogueSize } from './rules/catalogue-size.ts';
import { errors } from './rules/errors.ts';
import { full } from './rules/full.ts';
import { headroom } from './rules/headroom.ts';
import { memory } from './rules/memory.ts';
import { processor } from './rules/processor.ts';
import { retries } from './rules/retries.ts';
import { slowEndpoint } from './rules/slow-endpoint.ts';
import { slowTool } from './rules/slow-tool.ts';
import { timeouts } from './rules/timeouts.ts';
import { toolNames } from './rules/tool-names.ts';
import type { Snapshot } from './snapshot.ts';

const all: readonly ((snapshot: Snapshot) => Verdict)[] = [
  slowTool,
  cacheTool,
  cacheEarnings,
  processor,
  memory,
  full,
  errors,
  slowEndpoint,
  retries,
  timeouts,
  toolNames,
  catalogueSize,
  headroom,
];

/** What there is to say. */
export interface Advice {
  readonly source: Snapshot['source'];
  readonly windowS: number;
  /** Tool calls that it goes by. */
  readonly calls: number;
  /** The gravest first. */
  readonly findings: readonly Finding[];
  readonly abstentions: readonly Abstention[];
  /** Earlier findings whose change was made, and what came of it. */
  readonly applied: readonly Applied[];
}

const grave: Record<Severity, number> = { error: 0, warn: 1, info: 2 };

/** Runs the rules. */
export function advise(snapshot: Snapshot, applied: readonly Applied[] = []): Advice {
  const verdicts = all.map((rule) => rule(snapshot));
  return {
    source: snapshot.source,
    windowS: Math.round(snapshot.windowS),
    calls: snapshot.clients.reduce((sum, { calls }) => sum + calls, 0),
    findings: verdicts
      .flatMap(({ findings }) => findings)
      .toSorted((a, b) => grave[a.severity] - grave[b.severity] || a.id.localeCompare(b.id)),
    abstentions: verdicts.flatMap(({ abstentions }) => abstentions),
    applied,
  };
}
