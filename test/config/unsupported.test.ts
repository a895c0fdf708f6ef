// The table of what is not supported yet.
import { describe, expect, it } from 'vitest';
import { schemaAt } from '../../config/schema-walk.ts';
import { findUnsupported, UNSUPPORTED } from '../../config/unsupported.ts';

const minimal = { pools: [{ name: 'a', endpoints: [{ url: 'http://a/mcp' }] }] };

describe('the table', () => {
  it.each(UNSUPPORTED.map(({ path }) => path))('%s is a key of the schema', (path) => {
    const steps = path.replaceAll('[]', '.0').split('.');
    expect(schemaAt(steps.map((step) => (step === '0' ? 0 : step)))).toBeDefined();
  });

  it('is not touched by defaults', () => {
    expect(findUnsupported(minimal)).toEqual([]);
  });

  it('leaves values that the schema refuses to the schema', () => {
    expect(findUnsupported({ ...minimal, listen: { workers: 'many' } })).toEqual([]);
  });
});
