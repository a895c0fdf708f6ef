// Signals: held from the first moment on until a command says what they mean, so that none ends a process that starts.
import { setImmediate as polled } from 'node:timers/promises';

const names = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Stop, stop, and read the configuration again. */
export type SignalName = (typeof names)[number];

const held: SignalName[] = [];
let handler = (name: SignalName): void => {
  held.push(name);
};
const listener = (name: SignalName): void => handler(name);

/** Keeps signals for whoever handles or releases them. */
export function holdSignals(): void {
  for (const name of names) process.on(name, listener);
}

/**
 * Has `handle` told of each signal from now on, of those that are held first. The listeners stay: one that has come and has
 * not been read by the event loop yet would be lost with them.
 */
export function handleSignals(handle: (name: SignalName) => void): void {
  handler = handle;
  for (const name of held.splice(0)) handle(name);
}

/** Gives signals back the meaning that they have without us, those that have come too. */
export async function releaseSignals(): Promise<void> {
  await polled();
  for (const name of names) process.off(name, listener);
  for (const name of held.splice(0)) process.kill(process.pid, name);
}
