// The system programs the bench can use, and what to say when one is missing.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The Debian package each program comes in. */
const PACKAGES = { nginx: 'nginx', haproxy: 'haproxy', wrk: 'wrk', taskset: 'util-linux' } as const;

export type Tool = keyof typeof PACKAGES;

const said = new Set<string>();

/** Finds a program's path, also in the sbin folders that a plain user's PATH leaves out. */
export function findTool(tool: Tool): string | undefined {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
    '/usr/bin',
  ];
  for (const folder of folders.filter(Boolean)) {
    const path = join(folder, tool);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** Finds a program or says loudly what is lost without it and how to get it. */
export function findToolOrSay(tool: Tool, without: string): string | undefined {
  const path = findTool(tool);
  if (path === undefined) {
    sayOnce(`!! ${tool} is not installed: ${without}`);
    sayOnce(
      `!! to get what is missing: apt-get install -y --no-install-recommends ${Object.values(PACKAGES).join(' ')}`,
    );
  }
  return path;
}

function sayOnce(line: string): void {
  if (said.has(line)) return;
  said.add(line);
  say(line);
}

/** Progress and warnings go to stderr; stdout belongs to the table or the document. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
