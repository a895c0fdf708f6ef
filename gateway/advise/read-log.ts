// Reads a log back: the snapshot of its `tool_execution` lines, for advice on what happened before or elsewhere.
import type { Config } from '../../config/schema.ts';
import { Ledger } from './ledger.ts';
import { callOfLine } from './log-lines.ts';
import type { Snapshot } from './snapshot.ts';

/** Adds up the lines; `config`: what was configured then, as far as it is known. */
export async function snapshotOfLog(
  lines: AsyncIterable<string>,
  config: Config | undefined,
): Promise<Snapshot> {
  const ledger = new Ledger();
  for await (const line of lines) {
    const call = callOfLine(line);
    if (call !== undefined) ledger.add(call);
  }
  return {
    ...ledger.read(ledger.lastAt),
    source: 'log',
    config,
    repeats: undefined,
    process: undefined,
    toolLists: undefined,
    cache: undefined,
  };
}
