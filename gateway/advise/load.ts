// Load: how many calls were under way at once, by slots of ten seconds, from when each began and ended.

/** Length of a slot, in ms. */
const SLOT_MS = 10_000;

/** What was under way in one slot, on average over it. */
export interface Level {
  /** Calls with an upstream. */
  readonly upstream: number;
  /** Calls in the gateway, those that waited included. */
  readonly all: number;
  /** Calls that ended in it, by second, and their mean time with the upstream, in ms. */
  readonly perSecond: number;
  readonly upstreamMs: number;
}

interface Slot {
  ended: number;
  endedUpstreamMs: number;
  upstreamMs: number;
  allMs: number;
}

/** The load of one pool or client. Times are Unix ms. */
export class Load {
  readonly #slots = new Map<number, Slot>();
  /** The slot asked for last, which is mostly the one asked for next. */
  #last: Slot | undefined;
  #lastIndex = -1;

  /** Takes in a call that has ended; its time with the upstream is taken to be the last part of it. */
  record(at: number, durationMs: number, upstreamMs: number): void {
    const last = Math.floor(at / SLOT_MS);
    const slot = this.#slot(last);
    slot.ended++;
    slot.endedUpstreamMs += upstreamMs;
    const first = Math.floor((at - durationMs) / SLOT_MS);
    if (first === last) {
      slot.upstreamMs += upstreamMs;
      slot.allMs += durationMs;
      return;
    }
    for (let index = first; index <= last; index++) {
      const from = index * SLOT_MS;
      const each = this.#slot(index);
      each.upstreamMs += overlap(from, from + SLOT_MS, at - upstreamMs, at);
      each.allMs += overlap(from, from + SLOT_MS, at - durationMs, at);
    }
  }

  /** Forgets what was before `at`. */
  forget(at: number): void {
    for (const index of this.#slots.keys()) if ((index + 1) * SLOT_MS <= at) this.#slots.delete(index);
  }

  get empty(): boolean {
    return this.#slots.size === 0;
  }

  /** The slots between two instants in which something ended, the oldest first. */
  levels(from: number, to: number): Level[] {
    return [...this.#slots]
      .sort(([a], [b]) => a - b)
      .flatMap(([index, slot]) => {
        const start = index * SLOT_MS;
        const covered = overlap(start, start + SLOT_MS, from, to);
        if (covered <= 0 || slot.ended === 0) return [];
        return [
          {
            upstream: slot.upstreamMs / covered,
            all: slot.allMs / covered,
            perSecond: (slot.ended * 1000) / covered,
            upstreamMs: slot.endedUpstreamMs / slot.ended,
          },
        ];
      });
  }

  #slot(index: number): Slot {
    if (index === this.#lastIndex && this.#last !== undefined) return this.#last;
    let slot = this.#slots.get(index);
    if (slot === undefined) {
      slot = { ended: 0, endedUpstreamMs: 0, upstreamMs: 0, allMs: 0 };
      this.#slots.set(index, slot);
    }
    this.#last = slot;
    this.#lastIndex = index;
    return slot;
  }
}

function overlap(from: number, to: number, start: number, end: number): number {
  return Math.max(0, Math.min(to, end) - Math.max(from, start));
}
