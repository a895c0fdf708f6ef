// Heap growth: kept small, so that a process weighs about the same after a day as after a minute.
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { flagBytes, MIB } from './heap-flags.ts';

/**
 * How much the old generation may grow between two collections, in percent. Left to itself V8 lets a heap of this size
 * grow to four times what is alive: measured, 60 MB of rubbish in a flood of sessions that left nothing behind. Less is
 * not better: at 20 percent a process weighs a tenth less, but it collects more than twice as often and its pages fill ever
 * more thinly, so that it grew by 3.5 MB an hour in a soak where 50 percent grew by 0.8.
 */
const OLD_GROWTH_PERCENT = 50;
/** Size of a semi-space at which it stops growing; V8 would let it grow to 64 MiB, and calls cost no less for it. */
const SEMI_SPACE_BYTES = 16 * MIB;
const TICK_MS = 100;

/** Bounds the growth for the life of the process; to be called before there is much. */
export function boundHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${OLD_GROWTH_PERCENT}`);
  if (flagBytes('max-semi-space-size') === undefined) boundSemiSpace();
}

/**
 * The limit itself cannot be changed in a running V8, but the factor by which a semi-space grows can: it is read at each
 * growth. Looked at again and again, because V8 shrinks a semi-space in quiet times and it must be able to come back.
 */
function boundSemiSpace(): void {
  let grows = true;
  setInterval(() => {
    const wanted = semiSpaceBytes() < SEMI_SPACE_BYTES;
    if (wanted === grows) return;
    grows = wanted;
    setFlagsFromString(`--semi-space-growth-factor=${grows ? 2 : 1}`);
  }, TICK_MS).unref();
}

function semiSpaceBytes(): number {
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  return (young?.space_size ?? 0) / 2;
}
