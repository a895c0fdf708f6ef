// Slots: a set for things that come and go with every request.
import { describe, expect, it } from 'vitest';
import { Slots } from '../../gateway/core/slots.ts';

const item = (name: string) => ({ name, slot: -1 });

describe('slots', () => {
  it('hold each thing once, and know how many', () => {
    const slots = new Slots<ReturnType<typeof item>>();
    const [a, b] = [item('a'), item('b')];
    for (const one of [a, a, b]) slots.add(one);
    expect([slots.size, [...slots].map(({ name }) => name)]).toEqual([2, ['a', 'b']]);
  });

  it('give a freed place to the next', () => {
    const slots = new Slots<ReturnType<typeof item>>();
    const [a, b, c] = [item('a'), item('b'), item('c')];
    for (const one of [a, b]) slots.add(one);
    for (const one of [a, a]) slots.delete(one);
    slots.add(c);
    expect([slots.size, c.slot, a.slot, [...slots].map(({ name }) => name)]).toEqual([2, 0, -1, ['c', 'b']]);
  });
});
