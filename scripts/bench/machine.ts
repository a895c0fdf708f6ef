// Where figures come from: the machine and the versions of everything that took part.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Placement } from './placement.ts';
import { findTool } from './tools.ts';

const ROOT = join(import.meta.dirname, '..', '..');

export interface Machine {
  cpu: string;
  cores: number;
  memory_bytes: number;
  os: string;
  placement: string;
  /** The system's one-minute load before anything was measured. */
  load_before: number;
}

/** The hardware and how the processes are laid out on it. */
export function describeMachine(placement: Placement): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory_bytes: totalmem(),
    os: `${platform()} ${release()}`,
    placement: placement.name,
    load_before: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}

/** Versions by name; a program that is not installed has none. */
export function describeVersions(): Record<string, string> {
  const versions: Record<string, string | undefined> = {
    gateway: gatewayVersion(),
    node: process.versions.node,
    undici: packageVersion('undici'),
    sdk: packageVersion('@modelcontextprotocol/sdk'),
    nginx: /nginx\/(\S+)/.exec(output('nginx', ['-v']))?.[1],
    haproxy: /version (\S+)/.exec(output('haproxy', ['-v']))?.[1],
    wrk: /wrk (\S+)/.exec(output('wrk', ['-v']))?.[1],
  };
  return Object.fromEntries(
    Object.entries(versions).flatMap(([name, version]) => (version ? [[name, version]] : [])),
  );
}

/** The package's version and, in a checkout, its commit. */
function gatewayVersion(): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  try {
    const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, stdio: 'pipe' });
    return `${version} (${commit.toString().trim()})`;
  } catch {
    return version;
  }
}

function packageVersion(name: string): string | undefined {
  try {
    const path = join(ROOT, 'node_modules', name, 'package.json');
    return (createRequire(import.meta.url)(path) as { version: string }).version;
  } catch {
    return undefined;
  }
}

/** Stdout and stderr of a program's version flag; wrk leaves with 1 after it, so the status says nothing. */
function output(tool: 'nginx' | 'haproxy' | 'wrk', args: string[]): string {
  const path = findTool(tool);
  if (path === undefined) return '';
  const { stdout, stderr } = spawnSync(path, args, { encoding: 'utf8', timeout: 5_000 });
  return `${stdout}${stderr}`;
}
