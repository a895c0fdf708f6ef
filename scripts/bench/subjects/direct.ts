// The upstream without anything in front: what the load and the upstream alone can do.
import type { Subject } from '../subject.ts';

/** `direct`: its CPU time is the upstream's own, and stopping it stops nothing. */
export const direct: Subject = {
  name: 'direct',
  start: async (_lab, plan) => ({
    pid: plan.upstreamPid,
    port: plan.upstreamPorts[0] ?? 0,
    stop: async () => {},
  }),
};
