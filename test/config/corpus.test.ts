// Whole files: each bad one is reported exactly as its .expected says, each good one loads and suits editors too.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { editorSchema } from '../../config/json-schema.ts';
import { loadConfig } from '../../config/load.ts';
import { formatProblem } from '../../config/problem.ts';

const corpus = join(import.meta.dirname, 'corpus');
const shipped = join(import.meta.dirname, '../../gateway.yaml');
const env = { WORD: 'http', YAML_MAP: '{ level: debug }' };

function filesOf(kind: 'bad' | 'good'): string[] {
  const names = readdirSync(join(corpus, kind)).filter((name) => name.endsWith('.yaml'));
  return names.map((name) => join(corpus, kind, name));
}

/** Each problem as `LINE:COL PATH: message (hint)`, without the directory in messages about files. */
function report(file: string): string[] {
  const result = loadConfig(file, { env });
  if (result.ok) return [];
  return result.problems.map((problem) =>
    formatProblem(problem).replace(`${file}:`, '').replaceAll(join(corpus, 'bad/'), ''),
  );
}

describe('a bad file', () => {
  it.each(filesOf('bad'))('%s is reported as expected', (file) => {
    const expected = readFileSync(file.replace(/yaml$/, 'expected'), 'utf8').trimEnd().split('\n');
    expect(report(file)).toEqual(expected);
  });

  it('has an expectation, and each expectation a file', () => {
    const stray = readdirSync(join(corpus, 'bad')).filter((name) => {
      const twin = name.endsWith('.yaml')
        ? name.replace(/yaml$/, 'expected')
        : name.replace(/expected$/, 'yaml');
      return !existsSync(join(corpus, 'bad', twin));
    });
    expect(stray).toEqual([]);
  });
});

describe('a good file', () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(editorSchema());

  it.each([shipped, ...filesOf('good')])('%s loads', (file) => {
    expect(report(file)).toEqual([]);
  });

  it.each([shipped, ...filesOf('good')])("%s is accepted by the editors' schema", (file) => {
    expect([validate(parse(readFileSync(file, 'utf8'))), validate.errors]).toEqual([true, null]);
  });

  it("the editors' schema refuses unknown keys and wrong units", () => {
    const pools = [{ name: 'a', endpoints: [{ url: 'http://a/mcp' }] }];
    expect(validate({ pools })).toBe(true);
    expect(validate({ pools, lisen: {} })).toBe(false);
    expect(validate({ pools, limits: { timeout: 30 } })).toBe(false);
    expect(validate({ pools, limits: { timeout: '30' } })).toBe(false);
    expect(validate({ pools, listen: { max_body: '4MB' } })).toBe(false);
    expect(validate({ pools, listen: { port: '8080' } })).toBe(false);
  });
});
