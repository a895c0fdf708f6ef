// The conformance runs: each revision against servers of its own era and against one of both, direct and through.
import { fileURLToPath } from 'node:url';
import type { EverythingEra } from '../../test/support/everything-upstream.ts';
import { startEverything } from '../../test/support/everything-upstream.ts';
import type { Comparison } from './compare.ts';
import { compareRuns } from './compare.ts';
import { startGatewayProcess } from './gateway-process.ts';
import type { Revision } from './suite.ts';
import { requiredScenarios, runSuite } from './suite.ts';

/** One revision of the suite against a server of one era. */
export interface Case {
  revision: Revision;
  server: EverythingEra;
}

/** What a case found. */
export type Result = Case & Comparison & { seconds: number };

/** Every case: servers of one era only, and the server that speaks both. */
export const CASES: readonly Case[] = [
  { revision: '2025-11-25', server: 'legacy' },
  { revision: '2025-11-25', server: 'dual' },
  { revision: '2026-07-28', server: 'modern' },
  { revision: '2026-07-28', server: 'dual' },
];

const GATEWAY = fileURLToPath(new URL('../../gateway/main.ts', import.meta.url));

/** Runs `cases` one after another, each direct and through one gateway; `entry` is the gateway's program. */
export async function runConformance(
  cases: readonly Case[] = CASES,
  entry: string = GATEWAY,
): Promise<Result[]> {
  const eras = [...new Set(cases.map(({ server }) => server))];
  const servers = await Promise.all(eras.map(async (era) => ({ era, ...(await startEverything({ era })) })));
  try {
    const gateway = await startGatewayProcess(
      entry,
      Object.fromEntries(servers.map(({ era, url }) => [era, url])),
    );
    try {
      const results: Result[] = [];
      for (const { revision, server } of cases) {
        const startedAt = performance.now();
        const url = servers.find(({ era }) => era === server)?.url ?? '';
        const direct = await runSuite(url, revision);
        const through = await runSuite(gateway.urls[server] ?? '', revision);
        const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
        results.push({
          revision,
          server,
          seconds,
          ...compareRuns(direct, through, requiredScenarios(revision)),
        });
      }
      return results;
    } finally {
      await gateway.stop();
    }
  } finally {
    await Promise.all(servers.map(({ close }) => close()));
  }
}
