// Runs one case for each subject in turn, each in front of fresh upstreams, and proves that the rig works first.
import { setTimeout as pause } from 'node:timers/promises';
import type { Lab } from '../bench/lab.ts';
import { say } from '../bench/tools.ts';
import type { Outcome, Report, Settings } from './chaos-case.ts';
import { failed, Load } from './load.ts';
import type { Plan, Running } from './subjects.ts';
import { chosenSubjects } from './subjects.ts';
import type { Replica } from './upstream/replica.ts';
import { startReplicas } from './upstream/replica.ts';

/** What a case has to work with: one subject in front of three upstreams. */
export interface Rig {
  readonly subject: string;
  readonly running: Running;
  readonly replicas: readonly [Replica, Replica, Replica];
  readonly settings: Settings;
  readonly report: Report;
}

const CALL_MS = 100;

/** Runs `measure` with each subject; one that fails is reported and the others go on. */
export async function runSubjects(
  report: Report,
  lab: Lab,
  settings: Settings,
  plan: Omit<Plan, 'ports'>,
  measure: (rig: Rig) => Promise<void>,
): Promise<Outcome> {
  for (const subject of chosenSubjects(settings)) {
    const replicas = await startReplicas(lab, 3, CALL_MS);
    try {
      const running = await subject.start(lab, { ...plan, ports: replicas.map(({ port }) => port) });
      if (running === undefined) continue;
      say(`${report.name}: ${subject.name}`);
      await proveCalls(running.port);
      for (const replica of replicas) replica.clear();
      await measure({
        subject: subject.name,
        running,
        replicas: replicas as [Replica, Replica, Replica],
        settings,
        report,
      });
      await running.stop();
    } catch (error) {
      report.failed(subject.name, error);
    } finally {
      await Promise.all(replicas.map((replica) => replica.stop()));
    }
  }
  return report;
}

/** A few calls that must all succeed, and time for connections and checks to settle. */
async function proveCalls(port: number): Promise<void> {
  const load = new Load(port, 6);
  await pause(500);
  await load.stop();
  if (failed(load.calls).length > 0) throw new Error('calls fail before anything is broken');
}
