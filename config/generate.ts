/** Writes `gateway.schema.json` and `REFERENCE.md` from the schema; with `--check` only says what drifted. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { editorSchema } from './json-schema.ts';
import { reference } from './reference.ts';

/** The generated files by name, as they should be. */
export function generatedFiles(): Map<string, string> {
  return new Map([
    ['gateway.schema.json', `${JSON.stringify(editorSchema(), null, 1)}\n`],
    ['REFERENCE.md', reference()],
  ]);
}

/** Lists the generated files whose text in a directory is not what it should be. */
export function driftedFiles(directory: string): string[] {
  return [...generatedFiles()]
    .filter(([name, text]) => read(join(directory, name)) !== text)
    .map(([name]) => name);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

if (import.meta.main) {
  const drifted = driftedFiles(import.meta.dirname);
  if (process.argv.includes('--check')) {
    for (const name of drifted) console.error(`config/${name} is out of date: run node config/generate.ts`);
    process.exitCode = drifted.length === 0 ? 0 : 1;
  } else {
    for (const [name, text] of generatedFiles()) writeFileSync(join(import.meta.dirname, name), text);
  }
}
