// `sse_relay`: a hundred calls answered by SSE streams that stay open; the cost and the delay of one relayed event.
import type { BenchCase, Outcome, Sample } from '../bench-case.ts';
import { MODERN_LOOKUP, MODERN_STREAM } from '../calls.ts';
import { sameCall, startContenders } from '../contenders.ts';
import type { Lab } from '../lab.ts';
import { readReport } from '../load/run-calls.ts';
import { usageOf } from '../process-usage.ts';
import { measureInTurns } from '../rounds.ts';
import type { RunningSubject } from '../subject.ts';
import { direct } from '../subjects/direct.ts';
import { gateway } from '../subjects/gateway.ts';
import { haproxy } from '../subjects/haproxy.ts';
import { nginx } from '../subjects/nginx.ts';
import { nodeFloor } from '../subjects/node-floor.ts';
import { startMessageUpstream } from '../upstream/message-upstream.ts';

const STREAMS = 100;
/** 40 events a second on each stream, 4,000 in all: a busy day, and far from a full core. */
const EVENT_INTERVAL_MS = 25;
const READER = `${import.meta.dirname}/../load/event-streams.ts`;
const GRACE_MS = 20_000;

export const sseRelay: BenchCase = {
  name: 'sse_relay',
  about: `${STREAMS} open SSE answers with ${1000 / EVENT_INTERVAL_MS} events a second each`,
  run: async (lab, settings) => {
    const outcome: Outcome = { results: [], goals: [], failures: [] };
    const upstream = await startMessageUpstream(lab, [0, 0], EVENT_INTERVAL_MS);
    const plan = {
      era: 'modern',
      upstreamPorts: upstream.ports,
      upstreamPid: upstream.pid,
      streaming: true,
    } as const;
    const entries = [direct, nginx, haproxy, nodeFloor, gateway].map((subject) => ({
      subject,
      prepare: sameCall(MODERN_LOOKUP),
    }));
    const contenders = await startContenders(lab, settings, plan, entries, outcome);
    for (const streams of settings.concurrencies ?? [STREAMS]) {
      const turns = contenders.map(({ name, running }) => ({
        subject: name,
        load: (seconds: number) => readStreams(lab, running, streams, seconds),
      }));
      await measureInTurns('sse_relay', streams, turns, settings, outcome);
    }
    return outcome;
  },
};

interface Report {
  events: number;
  broken: number;
  duration_us: number;
  p50_us: number;
  p99_us: number;
}

/** Reads the streams for some seconds; throws when one broke or events are missing. */
async function readStreams(
  lab: Lab,
  subject: RunningSubject,
  streams: number,
  seconds: number,
): Promise<Sample> {
  const plan = JSON.stringify({ port: subject.port, streams, seconds, ...MODERN_STREAM });
  const before = usageOf(subject.pid);
  const text = await lab.run('load', [process.execPath, READER, plan], seconds * 1000 + GRACE_MS);
  const after = usageOf(subject.pid);
  const { events, broken, duration_us, p50_us, p99_us } = readReport<Report>(text);
  const sent = (streams * seconds * 1000) / EVENT_INTERVAL_MS;
  if (broken > 0) throw new Error(`${broken} of ${streams} streams were refused or broke`);
  // Opening the streams takes a moment of a short round; more than half of it would be a stall.
  if (events < sent * 0.5) throw new Error(`only ${events} of about ${Math.round(sent)} events arrived`);
  return {
    events_per_second: (events * 1e6) / duration_us,
    p50_us,
    p99_us,
    cpu_us_per_event: (after.cpuUs - before.cpuUs) / events,
    rss_bytes: after.rssBytes,
  };
}
