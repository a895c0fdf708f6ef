// Puts a closed loop of calls on a port for some seconds: wrk where it is installed, else the raw-socket generator.
import { join } from 'node:path';
import type { Sample } from '../bench-case.ts';
import type { Lab } from '../lab.ts';
import { usageOf } from '../process-usage.ts';
import type { RunningSubject } from '../subject.ts';
import { findToolOrSay } from '../tools.ts';

const SCRIPT = join(import.meta.dirname, 'tools-calls.lua');
const GENERATOR = join(import.meta.dirname, 'socket-calls.ts');
const GRACE_MS = 20_000;

interface Report {
  answered: number;
  refused: number;
  broken: number;
  duration_us: number;
  p50_us: number;
  p99_us: number;
}

/** What to send: a file of whole HTTP requests separated by zero bytes, sent in turn over `connections`. */
export interface Load {
  requestFile: string;
  connections: number;
  seconds: number;
}

/** Writes requests where a load can read them. */
export function writeRequests(lab: Lab, name: string, requests: readonly string[]): string {
  return lab.file(`${name}.requests`, requests.join('\0'));
}

/** Runs one load and returns what the subject's processes spent on it; throws when answers were not 2xx. */
export async function runCalls(lab: Lab, subject: RunningSubject, load: Load): Promise<Sample> {
  const before = usageOf(subject.pid);
  const text = await lab.run('load', command(subject.port, load), load.seconds * 1000 + GRACE_MS);
  const after = usageOf(subject.pid);
  const report = readReport<Report>(text);
  const { answered, refused, broken } = report;
  if (answered === 0) throw new Error(`no call was answered (${broken} connections broke)`);
  if (refused > 0) throw new Error(`${refused} of ${answered} answers were not 2xx`);
  if (broken > answered / 1000)
    throw new Error(`${broken} connections broke or timed out beside ${answered} answers`);
  return {
    requests_per_second: (answered * 1e6) / report.duration_us,
    p50_us: report.p50_us,
    p99_us: report.p99_us,
    cpu_us_per_request: (after.cpuUs - before.cpuUs) / answered,
    rss_bytes: after.rssBytes,
  };
}

/** The JSON after the word RESULT in a generator's output. */
export function readReport<T>(text: string): T {
  const line = /^RESULT (.*)$/m.exec(text)?.[1];
  if (line === undefined) throw new Error(`the load generator reported nothing: ${text.slice(-500)}`);
  return JSON.parse(line) as T;
}

function command(port: number, { requestFile, connections, seconds }: Load): string[] {
  const wrk = findToolOrSay('wrk', 'a Node generator makes the load and is the bottleneck of fast subjects');
  if (wrk === undefined) {
    const plan = JSON.stringify({ port, file: requestFile, connections, seconds });
    return [process.execPath, GENERATOR, plan];
  }
  const flags = ['-t', '1', '-c', String(connections), '-d', `${Math.ceil(seconds)}s`, '--timeout', '10s'];
  return [wrk, ...flags, '-s', SCRIPT, `http://127.0.0.1:${port}/mcp`, '--', requestFile];
}
