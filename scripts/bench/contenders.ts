// Starts the subjects of a case and proves that each does its work before anything is measured.
import type { Outcome, Settings } from './bench-case.ts';
import type { Call } from './calls.ts';
import { toHttpRequest } from './calls.ts';
import type { Lab } from './lab.ts';
import { proveCall } from './post.ts';
import type { RunningSubject, Subject, SubjectPlan } from './subject.ts';

/** A running subject and the HTTP requests to send it in turn. */
export interface Contender {
  name: string;
  running: RunningSubject;
  requests: readonly string[];
  /** Measured at these only, when given. */
  concurrencies?: readonly number[];
}

/** A subject and how to get from its open port to the requests of its load, throwing when it does not work. */
export interface Entry {
  subject: Subject;
  prepare(port: number): Promise<readonly string[]>;
  concurrencies?: readonly number[];
}

/** Starts what this machine can start; a subject that fails is reported in `outcome` and left out. */
export async function startContenders(
  lab: Lab,
  settings: Settings,
  plan: SubjectPlan,
  entries: readonly Entry[],
  outcome: Outcome,
): Promise<Contender[]> {
  const contenders: Contender[] = [];
  for (const { subject, prepare, concurrencies } of entries) {
    if (settings.subjects?.includes(subject.name) === false) continue;
    try {
      const running = await subject.start(lab, plan);
      if (running === undefined) continue;
      const requests = await prepare(running.port);
      contenders.push({ name: subject.name, running, requests, ...(concurrencies && { concurrencies }) });
    } catch (error) {
      outcome.failures.push(`${subject.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return contenders;
}

/** The preparation of a load that is one call over and over. */
export function sameCall(call: Call): Entry['prepare'] {
  return async (port) => {
    await proveCall(port, call);
    return [toHttpRequest(call, port)];
  };
}
