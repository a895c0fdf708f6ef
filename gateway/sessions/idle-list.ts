// Idle lists: what is not in use, the longest unused first; taking in and out costs the same however many there are.

/** An item's seat in one list. */
export class Seat<T> {
  readonly item: T;
  before: Seat<T> | undefined = undefined;
  after: Seat<T> | undefined = undefined;

  constructor(item: T) {
    this.item = item;
  }
}

/** Linked, since it changes twice with each request: a Map or Set with such a turnover rebuilds its table all the time. */
export class IdleList<T> {
  #first: Seat<T> | undefined = undefined;
  #last: Seat<T> | undefined = undefined;

  /** What has been unused for longest. */
  get first(): T | undefined {
    return this.#first?.item;
  }

  /** Puts an item that is in no list behind all others. */
  append(seat: Seat<T>): void {
    seat.before = this.#last;
    if (this.#last === undefined) this.#first = seat;
    else this.#last.after = seat;
    this.#last = seat;
  }

  /** Takes out an item that is in this list. */
  take(seat: Seat<T>): void {
    const { before, after } = seat;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    seat.before = undefined;
    seat.after = undefined;
  }
}
