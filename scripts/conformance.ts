// `npm run conformance`: the official suite direct and through the gateway, and the checks the gateway loses.
import { parseArgs } from 'node:util';
import type { Result } from './conformance/run.ts';
import { CASES, runConformance } from './conformance/run.ts';

const HELP = `usage: conformance [--json] [--revision 2025-11-25|2026-07-28] [--gateway FILE]

Runs the official MCP conformance suite against our own server, direct and through the gateway.
Exits with 1 when a check that passes direct fails through the gateway.

  --json           prints one JSON document
  --revision R     runs one revision only
  --gateway FILE   the gateway's program (default: gateway/main.ts)
`;

function table(results: readonly Result[]): string {
  const head = ['revision', 'server', 'scenarios', 'passed direct', 'through', 'lost', 'seconds'];
  const rows = results.map((result) => [
    result.revision,
    result.server,
    String(result.scenarios),
    String(result.passedDirect),
    String(result.passedThrough),
    String(result.lost.length),
    String(result.seconds),
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [head, ...rows]
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => line.trimEnd())
    .join('\n');
}

function complaints(results: readonly Result[]): string[] {
  return results.flatMap(({ revision, server, lost, failedDirect }) => {
    const where = `${revision}, ${server} server`;
    return [
      ...failedDirect.map((check) => ({ what: 'fails direct', ...check })),
      ...lost.map((check) => ({ what: 'lost', ...check })),
    ].map(({ what, scenario, check, message }) => `${what}: ${where}: ${scenario}: ${check}: ${message}`);
  });
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    revision: { type: 'string' },
    gateway: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(HELP);
} else {
  const cases = CASES.filter(({ revision }) => values.revision === undefined || revision === values.revision);
  if (cases.length === 0) throw new Error(`The suite has no revision ${values.revision}`);
  const results = await runConformance(cases, values.gateway);
  const faults = complaints(results);
  if (values.json) console.log(JSON.stringify({ ok: faults.length === 0, results }, undefined, 2));
  else console.log([table(results), ...faults].join('\n'));
  process.exitCode = faults.length === 0 ? 0 : 1;
}
