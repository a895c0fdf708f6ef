// Overload: sheds under lasting lag and with a full heap, lets go slowly, and takes no single pause for overload.
import { beforeEach, describe, expect, it } from 'vitest';
import { Overload } from '../../gateway/server/overload.ts';

let now: number;
let cpu: number;
let heap: number;
let overload: Overload;
const random = () => 0.5;
const vitals = { now: () => now, cpuMs: () => cpu, heapUse: () => heap };

beforeEach(() => {
  now = 0;
  cpu = 0;
  heap = 0.3;
  overload = new Overload(vitals, random);
  tick();
});

/** Lets ticks come, each `lateMs` late, while the process computes for `busy` of the time. */
function tick(count = 1, lateMs = 0, busy = 0.9): void {
  for (let i = 0; i < count; i++) {
    now += 100 + lateMs;
    cpu += (100 + lateMs) * busy;
    overload.tick();
  }
}

describe('a lagging event loop', () => {
  it('sheds a growing share while it lasts, and lets it back in step by step', () => {
    tick(2, 300);
    expect(overload.cause).toBeUndefined();
    tick(1, 300);
    expect([overload.cause, overload.sheds]).toEqual(['event_loop', false]);
    tick(2, 300);
    expect(overload.sheds).toBe(true);
    tick(2);
    expect([overload.cause, overload.sheds]).toEqual(['event_loop', false]);
    tick(10);
    expect(overload.cause).toBeUndefined();
  });

  it('always lets some requests through, or nothing would tell that it is over', () => {
    overload = new Overload(vitals, () => 0.05);
    tick(100, 300);
    expect([overload.cause, overload.sheds]).toEqual(['event_loop', false]);
  });

  it('is not overload where others have the processor, unless it lasts long', () => {
    tick(20, 500, 0.2);
    expect(overload.cause).toBeUndefined();
    tick(3, 2500, 0.2);
    expect(overload.cause).toBe('event_loop');
  });

  it('is not what a single pause is, however long', () => {
    tick(1, 30_000);
    tick(1, 250);
    tick(1);
    expect(overload.cause).toBeUndefined();
  });
});

describe('a full heap', () => {
  it('sheds everything until there is room to work in again', () => {
    heap = 0.86;
    tick();
    expect([overload.cause, overload.sheds]).toEqual(['heap', true]);
    heap = 0.8;
    tick();
    expect(overload.sheds).toBe(true);
    heap = 0.7;
    tick();
    expect([overload.cause, overload.sheds]).toEqual([undefined, false]);
  });
});
