// Waiters: whoever waits ends once, and not for the time in which nobody could have served them.
import { expect, it } from 'vitest';
import { refusal } from '../../gateway/core/refusal.ts';
import { Waiter } from '../../gateway/limits/waiter.ts';
import { makeExchange } from '../core/make-exchange.ts';

/** Stops the whole process, as a debugger or a machine without a processor to spare does. */
function stopProcess(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

it('one whose time is up while the process is stopped goes on where there is room when it is back', async () => {
  const room = new Set<Waiter>();
  const end = Promise.withResolvers<string>();
  const patience = { timeoutMs: 50, onTimeout: () => refusal('overloaded') };
  const waiter = new Waiter(
    makeExchange(),
    room,
    patience,
    () => end.resolve('went on'),
    ({ reason }) => end.resolve(reason),
  );
  room.add(waiter);
  // Room comes while the process is stopped, and is seen after the timers that were due before.
  setTimeout(() => room.delete(waiter) && waiter.proceed(), 60);
  setTimeout(() => stopProcess(400));
  expect(await end.promise).toBe('went on');
});

it('one whose time is up is refused, also where the process was stopped', async () => {
  const room = new Set<Waiter>();
  const end = Promise.withResolvers<string>();
  const patience = { timeoutMs: 50, onTimeout: () => refusal('overloaded') };
  const refused = ({ reason }: { reason: string }) => end.resolve(reason);
  room.add(new Waiter(makeExchange(), room, patience, () => end.resolve('went on'), refused));
  setTimeout(() => stopProcess(400));
  expect(await end.promise).toBe('overloaded');
  expect(room.size).toBe(0);
});
