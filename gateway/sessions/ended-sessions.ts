// Ended sessions: a sealed id cannot be taken back, so what has ended is remembered until it would die anyway.
import type { Session } from '../core/session.ts';

/** Room for a session is in the set that its mark says, and in no other. */
const SETS = 16_384;
const ROOMS = 8;
/** What is remembered at most: about 100 000, since sets do not fill evenly. */
export const MOST_ENDED = SETS * ROOMS;

/**
 * Sessions that their clients or the gateway have ended; bounded: beyond it the upstream's own 404 decides. In fixed memory,
 * 1.5 MB: as strings in a Map they were measured to weigh ten times that in a flood.
 */
export class EndedSessions {
  /** Two numbers a session, made of its nonce. */
  readonly #marks = new Uint32Array(2 * MOST_ENDED);
  /** When its id dies, in seconds since the epoch; 0 where there is none. */
  readonly #until = new Uint32Array(MOST_ENDED);
  readonly #now: () => number;

  /** `now`: ms since the epoch. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  add({ nonce, expiresAt }: Pick<Session, 'nonce' | 'expiresAt'>): void {
    if (expiresAt * 1000 <= this.#now()) return;
    const mark = markOf(nonce, 1);
    const first = (mark % SETS) * ROOMS;
    // In a full set the one goes that would die first, which has most likely ended first.
    let room = first;
    for (let at = first; at < first + ROOMS; at++) {
      if ((this.#until[at] as number) < (this.#until[room] as number)) room = at;
    }
    this.#marks[2 * room] = mark;
    this.#marks[2 * room + 1] = markOf(nonce, 2);
    this.#until[room] = expiresAt;
  }

  has({ nonce }: Pick<Session, 'nonce'>): boolean {
    const mark = markOf(nonce, 1);
    const first = (mark % SETS) * ROOMS;
    for (let at = first; at < first + ROOMS; at++) {
      if (this.#marks[2 * at] !== mark || this.#until[at] === 0) continue;
      if (this.#marks[2 * at + 1] === markOf(nonce, 2)) return true;
    }
    return false;
  }
}

/** Nonces are random, so that any mixture of their characters spreads (FNV-1a with the avalanche of MurmurHash3). */
function markOf(nonce: string, seed: number): number {
  let mark = Math.imul(0x811c9dc5, seed);
  for (let i = 0; i < nonce.length; i++) mark = Math.imul(mark ^ nonce.charCodeAt(i), 0x01000193);
  mark = Math.imul(mark ^ (mark >>> 16), 0x85ebca6b);
  mark = Math.imul(mark ^ (mark >>> 13), 0xc2b2ae35);
  return (mark ^ (mark >>> 16)) >>> 0;
}
