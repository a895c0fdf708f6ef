// The generated files and the tables that name places of the schema.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { driftedFiles, generatedFiles } from '../../config/generate.ts';
import type { SchemaNode } from '../../config/json-schema.ts';
import { inputSchema } from '../../config/json-schema.ts';
import { SECRET_PATHS } from '../../config/secrets.ts';

const config = join(import.meta.dirname, '../../config');

function* places(node: SchemaNode, path: string): Generator<[path: string, node: SchemaNode]> {
  yield [path, node];
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    yield* places(child, path === '' ? key : `${path}.${key}`);
  }
  if (node.items) yield* places(node.items, `${path}[]`);
  if (typeof node.additionalProperties === 'object') yield* places(node.additionalProperties, `${path}.*`);
}

const all = [...places(inputSchema(), '')];

it('the generated files are those of this schema', () => {
  expect(driftedFiles(config)).toEqual([]);
});

it('a file that differs or is missing has drifted', () => {
  const directory = mkdtempSync(join(tmpdir(), 'generated-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const [name, text] of generatedFiles()) writeFileSync(join(directory, name), text);
  expect(driftedFiles(directory)).toEqual([]);
  writeFileSync(join(directory, 'REFERENCE.md'), 'old');
  expect(driftedFiles(directory)).toEqual(['REFERENCE.md']);
});

it("the editors' schema stays small", () => {
  expect(Buffer.byteLength(generatedFiles().get('gateway.schema.json') ?? '')).toBeLessThan(60_000);
});

it('every key is documented', () => {
  const keys = all.filter(([path]) => path !== '' && !path.endsWith('[]') && !path.endsWith('.*'));
  expect(keys.filter(([, node]) => !node.description).map(([path]) => path)).toEqual([]);
});

it('the places of secrets are those that the schema marks', () => {
  const marked = all.filter(([, node]) => node.kind === 'secret').map(([path]) => path);
  expect(marked.toSorted()).toEqual([...SECRET_PATHS].toSorted());
});
