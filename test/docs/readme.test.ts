// Holds the documents to what they document: examples load, tables match the code.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../config/load.ts';
import { refusals } from '../../gateway/core/refusal.ts';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const readme = read('README.md');

function blocks(markdown: string, language: string): string[] {
  return Array.from(
    markdown.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g')),
    ([, text]) => text ?? '',
  );
}

describe('the README', () => {
  it('has at most 200 lines', () => {
    expect(readme.split('\n').length - 1).toBeLessThanOrEqual(200);
  });

  it('shows configurations that load', () => {
    const examples = blocks(readme, 'yaml');
    expect(examples.length).toBeGreaterThan(0);
    const env = { SESSION_KEY: '8f2c1d7be09a4453b6f1c2d3e4a59687f0', SEARCH_TOKEN: 'token' };
    for (const text of examples) {
      const result = parseConfig(text, { file: 'README.md', env, dir: '.' });
      expect(result.ok ? [] : result.problems).toEqual([]);
    }
  });

  it('gives a reason for each direct dependency, and for nothing else', () => {
    const { dependencies, optionalDependencies } = JSON.parse(read('package.json'));
    const section = readme.slice(readme.indexOf('## Dependencies'));
    const named = Array.from(section.matchAll(/`([^`]+)`/g), ([, name]) => name ?? '');
    const covers = (name: string) =>
      named.some((n) => n === name || (n.endsWith('/*') && name.startsWith(n.slice(0, -1))));
    expect(Object.keys(dependencies).filter((name) => !covers(name))).toEqual([]);
    const all = [...Object.keys(dependencies), ...Object.keys(optionalDependencies)];
    const known = (n: string) =>
      all.some((name) => name === n || (n.endsWith('/*') && name.startsWith(n.slice(0, -1))));
    expect(named.filter((n) => !known(n))).toEqual([]);
  });

  it('links to files that exist', () => {
    const links = Array.from(readme.matchAll(/\]\((?!https?:)([^)#]+)/g), ([, file]) => file ?? '');
    expect(links.length).toBeGreaterThan(5);
    for (const file of links)
      expect(() => statSync(new URL(`../../${file}`, import.meta.url)), file).not.toThrow();
  });
});

describe('the page about the house', () => {
  const page = read('gateway/README.md');
  const named = Array.from(page.matchAll(/`((?:[a-z0-9-]+\/)+[a-z0-9-]+\.ts)`/g), ([, file]) => file ?? '');

  it('names files that exist', () => {
    expect(named.length).toBeGreaterThan(40);
    const path = (file: string) => (file.startsWith('test/') ? file : `gateway/${file}`);
    for (const file of named)
      expect(() => statSync(new URL(`../../${path(file)}`, import.meta.url)), file).not.toThrow();
  });
});

describe('the other documents', () => {
  const files = readdirSync(new URL('../../docs', import.meta.url)).filter((name) => name.endsWith('.md'));
  const configurations = files.flatMap((file) =>
    blocks(read(`docs/${file}`), 'yaml').flatMap((text) => (/^pools:/m.test(text) ? [{ file, text }] : [])),
  );

  it('show whole configurations', () => {
    expect(configurations.length).toBeGreaterThan(0);
  });

  it.each(configurations)('$file shows one that loads', ({ file, text }) => {
    const result = parseConfig(text, { file, env: {}, dir: '.' });
    const problems = result.ok ? [] : result.problems;
    // Files that an example names are the reader's own.
    expect(problems.filter(({ message }) => !message.startsWith('cannot read'))).toEqual([]);
  });
});

describe('docs/errors.md', () => {
  const rows = read('docs/errors.md')
    .split('\n')
    .flatMap((line) => {
      const [, reason, status, codes] = /^\| `(\w+)` \| (\d+) \| ([-\d, ]+) \|/.exec(line) ?? [];
      return reason === undefined
        ? []
        : [{ reason, status: Number(status), codes: (codes ?? '').split(', ').map(Number) }];
    });

  it('has a row for each refusal and no other', () => {
    expect(rows.map(({ reason }) => reason).sort()).toEqual(Object.keys(refusals).sort());
  });

  it.each(rows)('tells status and code of $reason', ({ reason, status, codes }) => {
    const row = refusals[reason as keyof typeof refusals];
    expect(row.status).toBe(status);
    expect(codes).toContain(row.code);
  });
});
