// Findings: what the advice says, in numbers; and what a rule says when it has seen too little.
import type { Change } from './change.ts';

export type Severity = 'info' | 'warn' | 'error';

/** Every rule, by the id that findings, metrics and docs use. */
export const rules = {
  GW001: 'slow tool',
  GW002: 'cache this tool',
  GW003: 'cache not earning',
  GW004: 'processor',
  GW005: 'memory grows',
  GW006: 'pool or client full',
  GW007: 'errors',
  GW008: 'slow endpoint',
  GW009: 'retries amplify',
  GW010: 'timeout set wrong',
  GW011: 'duplicate tool names',
  GW012: 'catalogue too large',
  GW013: 'no headroom',
} as const;

export type RuleId = keyof typeof rules;

/** A figure that a later snapshot can be held to. */
export interface Prediction {
  readonly figure: 'hit_ratio' | 'slow_share' | 'waited_share' | 'timeout_share' | 'attempts_per_call';
  /** Shares from 0 to 1. */
  readonly value: number;
  readonly pool: string | undefined;
  readonly tool: string | undefined;
  readonly client: string | undefined;
}

/** Something to do, and why. */
export interface Finding {
  readonly id: RuleId;
  readonly severity: Severity;
  /** What it is about, such as `search/report` or `db`. */
  readonly subject: string;
  readonly sentence: string;
  /** Numbers behind the sentence; `n`: the sample. */
  readonly evidence: Readonly<Record<string, number | string>> & {
    readonly window_s: number;
    readonly n: number;
  };
  readonly action: string;
  readonly changes: readonly Change[];
  readonly expected: string;
  readonly confidence: 'low' | 'medium' | 'high';
  readonly prediction: Prediction | undefined;
}

/** A rule that did not judge, and what it lacks. */
export interface Abstention {
  readonly id: RuleId;
  readonly subject: string;
  readonly sentence: string;
}

/** What a rule says of a snapshot. */
export interface Verdict {
  readonly findings: Finding[];
  readonly abstentions: Abstention[];
}

/** The fewest calls that say anything about one in a hundred of them. */
export const MIN_CALLS = 100;

/** How far a sample of calls carries. */
export function confidenceOf(n: number): Finding['confidence'] {
  return n >= 1000 ? 'high' : n >= 300 ? 'medium' : 'low';
}

export function tooFew(id: RuleId, subject: string, have: number, need = MIN_CALLS): Abstention {
  return { id, subject, sentence: `need ${need} calls, have ${have}` };
}

/** `44 %`, or `0.4 %` where a whole number would hide it. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value >= 9.95 || value === 0 ? Math.round(value) : Math.round(value * 10) / 10} %`;
}

/** `340 ms`, `2.4 s` or `31 min`. */
export function time(ms: number): string {
  if (ms < 1000) return `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 100) / 10} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 360_000) / 10} h`;
}

export function mebibytes(bytes: number): string {
  const value = bytes / 1024 ** 2;
  return `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)} MiB`;
}

/** A figure for evidence: three significant digits. */
export function figure(value: number): number {
  return Number(value.toPrecision(3));
}
