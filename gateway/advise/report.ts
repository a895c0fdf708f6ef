// Reports: advice as JSON for programs and as text for people; the same for live figures and for logs.
import type { Advice } from './advise.ts';
import type { Finding, RuleId, Severity } from './finding.ts';
import { rules, time } from './finding.ts';
import { patchOf } from './patch.ts';

/** A finding as JSON. */
export interface ReportedFinding {
  readonly id: RuleId;
  readonly rule: string;
  readonly severity: Severity;
  readonly subject: string;
  readonly sentence: string;
  readonly evidence: Finding['evidence'];
  readonly action: string;
  /** YAML to merge into gateway.yaml; empty where no setting helps. */
  readonly patch: string;
  readonly expected: string;
  readonly confidence: Finding['confidence'];
}

/** What `GET /admin/advice` and `advise --json` give. */
export interface AdviceReport {
  readonly source: 'live' | 'log';
  readonly window_s: number;
  readonly calls: number;
  readonly findings: readonly ReportedFinding[];
  readonly abstentions: readonly {
    readonly id: RuleId;
    readonly subject: string;
    readonly sentence: string;
  }[];
  readonly applied: readonly {
    readonly id: RuleId;
    readonly subject: string;
    readonly at: string;
    readonly predicted: number;
    readonly achieved: number | null;
    readonly sentence: string;
  }[];
  /** All patches in one. */
  readonly patch: string;
}

export function reportOf({ source, windowS, calls, findings, abstentions, applied }: Advice): AdviceReport {
  return {
    source,
    window_s: windowS,
    calls,
    findings: findings.map((finding) => {
      const { id, severity, subject, sentence, evidence, action, changes, expected, confidence } = finding;
      const patch = patchOf(changes);
      return {
        id,
        rule: rules[id],
        severity,
        subject,
        sentence,
        evidence,
        action,
        patch,
        expected,
        confidence,
      };
    }),
    abstentions,
    applied: applied.map(({ finding, at, predicted, achieved, sentence }) => ({
      id: finding.id,
      subject: finding.subject,
      at: new Date(at).toISOString(),
      predicted,
      achieved: achieved ?? null,
      sentence,
    })),
    patch: patchOf(findings.flatMap(({ changes }) => changes)),
  };
}

const marks: Record<Severity, string> = { error: '×', warn: '‼', info: 'i' };
/** Abstentions shown before the rest is only counted. */
const SHOWN = 8;

/** The report for people: plain sentences with numbers and what to do, as `LATENCY DOCTOR` of Redis has them. */
export function textOf(report: AdviceReport): string {
  const { findings, abstentions, applied, calls, window_s } = report;
  const lines = [`${calls} tool calls in ${time(window_s * 1000)} (${report.source})`, ''];
  for (const { id, severity, subject, sentence, action, patch, expected } of findings) {
    lines.push(
      `${marks[severity]} ${id} ${severity} [${subject}]`,
      `  ${sentence}`,
      `  → ${action} ${expected}`,
    );
    if (patch !== '')
      lines.push(
        ...patch
          .trimEnd()
          .split('\n')
          .map((line) => `      ${line}`),
      );
    lines.push('');
  }
  if (findings.length === 0) lines.push('√ Nothing to advise.', '');
  for (const { sentence } of applied) lines.push(`· ${sentence}`);
  if (abstentions.length > 0) lines.push('Not judged:');
  for (const { id, subject, sentence } of abstentions.slice(0, SHOWN)) {
    lines.push(`  ${id} [${subject}]: ${sentence}`);
  }
  if (abstentions.length > SHOWN) lines.push(`  and ${abstentions.length - SHOWN} more (--json lists them)`);
  return `${lines.join('\n').trimEnd()}\n`;
}

/** Whether there is a finding at least as grave as `severity`. */
export function failsOn(severity: Severity, { findings }: AdviceReport): boolean {
  const order: readonly Severity[] = ['info', 'warn', 'error'];
  return findings.some((finding) => order.indexOf(finding.severity) >= order.indexOf(severity));
}
