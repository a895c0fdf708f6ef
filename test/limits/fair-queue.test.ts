// The order in which a fair queue serves.
import { expect, it } from 'vitest';
import { FairQueue } from '../../gateway/limits/fair-queue.ts';

function queueOf(...names: string[]) {
  const queue = new FairQueue<{ client: string; name: string }>();
  for (const name of names) queue.add({ client: name[0] ?? '', name });
  const rest = (fits: (name: string) => boolean = () => true) => {
    const served: string[] = [];
    for (;;) {
      const item = queue.next(({ name }) => fits(name));
      if (item === undefined) return served;
      served.push(item.name);
    }
  };
  return { queue, rest };
}

it('serves clients in turn, and each first come', () => {
  expect(queueOf('a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'b2').rest()).toEqual([
    'a1',
    'b1',
    'c1',
    'a2',
    'b2',
    'a3',
    'a4',
  ]);
});

it('gives no client a second turn by coming back', () => {
  const { queue } = queueOf('a1', 'b1', 'b2');
  expect(queue.next(() => true)?.name).toBe('a1');
  queue.add({ client: 'a', name: 'a2' });
  expect(queue.next(() => true)?.name).toBe('b1');
  expect(queue.next(() => true)?.name).toBe('a2');
});

it('passes over what does not fit', () => {
  const { queue, rest } = queueOf('a1', 'a2', 'b1');
  expect(rest((name) => name !== 'a1')).toEqual(['a2', 'b1']);
  expect(queue.size).toBe(1);
  expect(rest(() => true)).toEqual(['a1']);
});

it('lets go of who leaves', () => {
  const { queue } = queueOf();
  const item = { client: 'a', name: 'a1' };
  queue.add(item);
  expect(queue.delete(item)).toBe(true);
  expect(queue.delete(item)).toBe(false);
  expect(queue.size).toBe(0);
  expect(queue.next(() => true)).toBeUndefined();
});
