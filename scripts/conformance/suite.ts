// Runs the official conformance suite against one URL and reads the result of every check.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** A revision the suite has a frozen list of requirements for. */
export type Revision = '2025-11-25' | '2026-07-28';

/** One check of one scenario; `key` tells it from every other of the same run. */
export interface Check {
  key: string;
  scenario: string;
  name: string;
  passed: boolean;
  message: string;
}

const PACKAGE = dirname(fileURLToPath(import.meta.resolve('@modelcontextprotocol/conformance/package.json')));
const SUITE = join(PACKAGE, 'dist', 'index.js');
const SCENARIO_TIMEOUT_MS = 15_000;

interface RequirementsFile {
  server: string[];
  not_scored: Array<{ scenario: string; leg: string; reason: string }>;
}

/**
 * The server scenarios of a revision that a complete server passes: the scored ones, and the unscored ones that are
 * no optional extension.
 */
export function requiredScenarios(revision: Revision): string[] {
  const file = join(PACKAGE, 'requirements', `${revision}.yaml`);
  const { server, not_scored } = parse(readFileSync(file, 'utf8')) as RequirementsFile;
  const unscored = not_scored.filter(({ leg, reason }) => leg === 'server' && reason !== 'extension');
  return [...server, ...unscored.map(({ scenario }) => scenario)];
}

/** Runs every server scenario of `revision`, scored or not, against `url`; one process, a few seconds. */
export async function runSuite(url: string, revision: Revision): Promise<Check[]> {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  try {
    const args = [
      '--url',
      url,
      '--requirements',
      revision,
      '--timeout',
      String(SCENARIO_TIMEOUT_MS),
      '-o',
      folder,
    ];
    const suite = spawn(process.execPath, [SUITE, 'server', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [suite.stdout, suite.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-2000);
      });
    }
    await once(suite, 'close');
    const checks = globSync('server-*/checks.json', { cwd: folder }).flatMap((file) =>
      readChecks(folder, file),
    );
    if (checks.length === 0) throw new Error(`The conformance suite wrote no results for ${url}:\n${output}`);
    return checks;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface WrittenCheck {
  id: string;
  name: string;
  status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
  errorMessage?: string;
}

function readChecks(folder: string, file: string): Check[] {
  // The folder is named server-SCENARIO-TIMESTAMP.
  const scenario = basename(dirname(file)).replace(/^server-|-\d{4}-\d\d-\d\dT[\d-]+Z$/g, '');
  const written = JSON.parse(readFileSync(join(folder, file), 'utf8')) as WrittenCheck[];
  const seen = new Map<string, number>();
  const checks: Check[] = [];
  for (const { id, name, status, errorMessage = status } of written) {
    if (status === 'INFO' || status === 'SKIPPED') continue;
    // A scenario may repeat a check; the n-th time of one run is the n-th time of the other.
    const occurrence = (seen.get(`${id}/${name}`) ?? 0) + 1;
    seen.set(`${id}/${name}`, occurrence);
    const key = `${scenario}/${id}/${name}#${occurrence}`;
    checks.push({
      key,
      scenario,
      name: `${id} (${name})`,
      passed: status === 'SUCCESS',
      message: errorMessage,
    });
  }
  return checks;
}
