// The program: argv and environment to one command.
import { Command } from 'commander';
import { addAdvise } from './commands/advise.ts';
import { addCheck } from './commands/check.ts';
import { addConnect } from './commands/connect.ts';
import { addDemo } from './commands/demo.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDrain } from './commands/drain.ts';
import { addExplain } from './commands/explain.ts';
import { addHealthcheck } from './commands/healthcheck.ts';
import { addInit } from './commands/init.ts';
import { addPrintConfig } from './commands/print-config.ts';
import { addPurge } from './commands/purge.ts';
import { addServe } from './commands/serve.ts';
import { version } from './version.ts';

const BAD_USAGE = 2;

const program = new Command('mcp-gateway')
  .description("One endpoint in front of all of a team's MCP servers.")
  .version(version)
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
