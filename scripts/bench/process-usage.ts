// CPU time and memory of a process and all its children, read from Linux's /proc (proc(5)).
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, the unit of times in /proc/PID/stat: 100 on every Linux port Node runs on. */
const TICKS_PER_SECOND = 100;

/** `cpuUs`: user and system time so far, also of children that ended. `rssBytes`: resident memory now. */
export interface Usage {
  cpuUs: number;
  rssBytes: number;
}

/** Adds up a process tree; zero for a process that is gone. */
export function usageOf(rootPid: number): Usage {
  const parents = new Map<number, string[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const fields = Number.isInteger(pid) ? statFields(pid) : undefined;
    if (fields !== undefined) parents.set(pid, fields);
  }
  const usage = { cpuUs: 0, rssBytes: 0 };
  const waiting = [rootPid];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    const fields = parents.get(pid);
    if (fields === undefined) continue;
    // utime, stime, cutime, cstime: fields 14 to 17 of the file, here counted from field 3.
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    usage.cpuUs += (ticks * 1_000_000) / TICKS_PER_SECOND;
    usage.rssBytes += residentBytes(pid);
    for (const [child, [, parent]] of parents) if (Number(parent) === pid) waiting.push(child);
  }
  return usage;
}

/** The fields after the command's name, which is in brackets and may itself hold spaces and brackets. */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function residentBytes(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
