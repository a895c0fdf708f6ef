// What can be measured: a subject is one way of getting a call to the upstream.
import type { Child, Lab } from './lab.ts';
import type { StaticUpstream } from './upstream/static-upstream.ts';

/** What a subject has to put itself in front of. */
export interface SubjectPlan {
  era: 'legacy' | 'modern';
  upstreamPorts: readonly number[];
  /** The upstream's process: the whole tree that works for the `direct` subject. */
  upstreamPid: number;
  /** See StaticUpstream; for subjects that choose their own ids. */
  messagePort?: number;
  /** Answers are event streams: nothing may hold them back. */
  streaming?: boolean;
  balance?: 'least_connections' | 'round_robin';
}

/** A subject that listens; `pid` is the root of the processes whose CPU time counts. */
export interface RunningSubject extends Child {
  port: number;
}

export interface Subject {
  name: string;
  /** Undefined when this machine cannot run it, which the subject then has said. */
  start(lab: Lab, plan: SubjectPlan): Promise<RunningSubject | undefined>;
}

/** A plan in front of the static upstream. */
export function planFor(upstream: StaticUpstream, era: SubjectPlan['era']): SubjectPlan {
  return {
    era,
    upstreamPorts: upstream.ports,
    upstreamPid: upstream.pid,
    messagePort: upstream.messagePort,
  };
}
