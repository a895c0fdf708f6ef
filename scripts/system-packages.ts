// The programs of the operating system that some tests drive: found, or installed where this process may do that.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program that tests start, and the Debian package that brings it. */
export interface SystemPackage {
  readonly name: string;
  readonly programs: readonly string[];
}

/** What the tests can use beyond Node: a real Redis, a real Prometheus and a real browser. */
export const systemPackages: readonly SystemPackage[] = [
  { name: 'redis-server', programs: ['redis-server'] },
  { name: 'prometheus', programs: ['prometheus'] },
  { name: 'chromium', programs: ['chromium', 'chromium-browser', 'google-chrome'] },
];

const foldersOfPath = (process.env['PATH'] ?? '').split(delimiter).filter((dir) => dir !== '');

/** The path of the first of these programs that is in one of the folders (those of PATH) and may be executed. */
export function findProgram(programs: readonly string[], dirs = foldersOfPath): string | undefined {
  return programs.flatMap((program) => dirs.map((dir) => join(dir, program))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const missing = (): SystemPackage[] =>
  systemPackages.filter((each) => findProgram(each.programs) === undefined);

/** Installs what is missing when it may (root and apt-get), and returns the packages that stay missing. */
export function ensureSystemPackages(): readonly SystemPackage[] {
  const wanted = missing();
  if (wanted.length === 0) return [];
  const names = wanted.map((each) => each.name);
  const privilege = process.getuid?.() === 0 ? [] : process.env['CI'] === 'true' ? ['sudo', '-n'] : undefined;
  if (privilege === undefined || findProgram(['apt-get']) === undefined) {
    console.log(
      `MISSING ${names.join(', ')}: not root or no apt-get, so not installed; their tests are skipped`,
    );
    return wanted;
  }
  console.log(`installing ${names.join(', ')} with apt-get …`);
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...names];
  if (!apt([...privilege, ...install])) {
    apt([...privilege, 'apt-get', 'update']);
    apt([...privilege, ...install]);
  }
  const left = missing();
  if (left.length > 0) {
    console.log(
      `MISSING ${left.map((each) => each.name).join(', ')}: apt-get did not bring it; its tests are skipped`,
    );
  }
  return left;
}

function apt(command: readonly string[]): boolean {
  // RUNLEVEL=1 keeps Debian's packages from starting the services they bring: the tests start their own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const [program = '', ...args] = command;
  const done = spawnSync(program, args, { env, encoding: 'utf8', timeout: 240_000 });
  if (done.status !== 0)
    console.log(`${command.join(' ')} failed: ${(done.stderr || String(done.error)).trim()}`);
  return done.status === 0;
}
