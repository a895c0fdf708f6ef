// GW004: the event loop is busy for most of the time, or a processor limit holds the process back.
import type { Finding, Verdict } from '../finding.ts';
import { figure, percent } from '../finding.ts';
import type { Snapshot } from '../snapshot.ts';

const RULE = 'GW004';
/** The guide's limit, the share to aim for, and the share of throttled periods that is felt. */
const BUSY = 0.7;
const AIM = 0.6;
const THROTTLED = 0.05;
const MINUTES = 10;
const MIN_MINUTES = 5;

export function processor({ process }: Snapshot): Verdict {
  if (process === undefined) return abstain('log lines do not say how busy the process was');
  const points = process.points.slice(-MINUTES);
  if (points.length < MIN_MINUTES) return abstain(`need ${MIN_MINUTES} minutes, have ${points.length}`);
  const busy = mean(points.map((point) => point.busy));
  const throttled = mean(points.map((point) => point.throttled));
  const evidence = {
    window_s: points.length * 60,
    n: points.length,
    event_loop_utilization: figure(busy),
    throttled_share: figure(throttled),
    cores: process.cores,
  };
  const confidence = points.length >= MINUTES ? 'high' : 'medium';
  const common = { id: RULE, subject: 'process', evidence, confidence, prediction: undefined } as const;
  if (throttled > THROTTLED) {
    return found({
      ...common,
      severity: 'warn',
      sentence:
        `The container was held back in ${percent(throttled)} of its processor periods ` +
        `while the event loop was busy for ${percent(busy)} of the time.`,
      action:
        'Raise the processor limit of the container; more instances under the same limit bring nothing.',
      changes: [],
      expected: 'No more pauses of tens of milliseconds in the middle of calls.',
    });
  }
  if (busy <= BUSY) return { findings: [], abstentions: [] };
  const wanted = Math.ceil(busy / AIM);
  const each = percent(busy / wanted);
  return found({
    ...common,
    severity: busy > 0.9 ? 'error' : 'warn',
    sentence:
      `The event loop was busy for ${percent(busy)} of the last ${points.length} minutes; ` +
      `${wanted} instances in place of this one would be at ${each} each.`,
    action: `Run ${wanted} instances behind a balancer for each that there is now.`,
    changes: [],
    expected: `The event loop busy for about ${each} of the time.`,
  });
}

function abstain(sentence: string): Verdict {
  return { findings: [], abstentions: [{ id: RULE, subject: 'process', sentence }] };
}

function found(finding: Finding): Verdict {
  return { findings: [finding], abstentions: [] };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
