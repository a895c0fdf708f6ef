// Holds globs and tool rules to what the configuration promises of them.
import { describe, expect, it } from 'vitest';
import { toolRule } from '../../config/schema/tool-rule.ts';
import { glob, memoized } from '../../gateway/core/glob.ts';
import { compileToolRules } from '../../gateway/core/tool-rules.ts';

describe('a glob', () => {
  it.each([
    ['search', 'search', true],
    ['search', 'search2', false],
    ['search_*', 'search_docs', true],
    ['search_*', 'search_', true],
    ['search_*', 'research_docs', false],
    ['*_schema', 'get_table_schema', true],
    ['*', 'anything at all', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a.c', 'abc', false],
    ['*a*b', 'xxaxxbxb', true],
    ['*a*b', 'xxaxxbxbx', false],
    ['a/*', 'a/b/c', true],
    ['*?', '', false],
  ])('%s on %s is %s', (pattern, name, expected) => {
    expect(glob(pattern)(name)).toBe(expected);
  });

  it('answers for a huge name', () => {
    expect(glob('*a*a*a*a*a*b')('a'.repeat(200_000))).toBe(false);
  });
});

describe('tool rules', () => {
  it('are found by the first match, also when asked again', () => {
    const ruleOf = compileToolRules([
      toolRule.parse({ match: 'search_fast', timeout: '1s' }),
      toolRule.parse({ match: 'search_*', timeout: '5s' }),
    ]);
    for (let i = 0; i < 2; i++) {
      expect(ruleOf?.('search_fast')?.timeout).toBe(1000);
      expect(ruleOf?.('search_all')?.timeout).toBe(5000);
      expect(ruleOf?.('other')).toBeUndefined();
      expect(ruleOf?.('__proto__')).toBeUndefined();
    }
  });

  it('are no function at all where there are none', () => {
    expect(compileToolRules([])).toBeUndefined();
  });

  it('remember names, but never more than a bounded number', () => {
    let asked = 0;
    const decide = memoized((name) => {
      asked++;
      return name;
    });
    for (let i = 0; i < 10; i++) decide('same');
    expect(asked).toBe(1);
    for (let i = 0; i < 5000; i++) decide(`name-${i}`);
    decide('same');
    expect(asked).toBe(5002);
  });
});
