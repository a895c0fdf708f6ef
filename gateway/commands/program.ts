// The program: its commands, and argv and environment to one of them.
import { Command } from 'commander';
import { version } from '../version.ts';
import { addAdvise } from './advise.ts';
import { addCheck } from './check.ts';
import { addConnect } from './connect.ts';
import { addDemo } from './demo.ts';
import { addDoctor } from './doctor.ts';
import { addDrain } from './drain.ts';
import { addExplain } from './explain.ts';
import { addHealthcheck } from './healthcheck.ts';
import { addInit } from './init.ts';
import { addPrintConfig } from './print-config.ts';
import { addPurge } from './purge.ts';
import { addServe } from './serve.ts';
import { releaseSignals } from './signals.ts';

const BAD_USAGE = 2;
/** What runs until it is told to stop says itself what signals mean. */
const lasting: ReadonlySet<string> = new Set(['serve', 'demo']);

const program = new Command('mcp-gateway')
  .description("One endpoint in front of all of a team's MCP servers.")
  .version(version)
  .hook('preAction', async (_program, command) => {
    if (!lasting.has(command.name())) await releaseSignals();
  })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : BAD_USAGE));

for (const add of [
  addServe,
  addDemo,
  addCheck,
  addPrintConfig,
  addInit,
  addExplain,
  addConnect,
  addDrain,
  addPurge,
  addAdvise,
  addDoctor,
  addHealthcheck,
])
  add(program);

await program.parseAsync();
