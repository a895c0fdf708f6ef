// Idle lists: what is not in use, the longest unused first; taking in and out costs the same however many there are.

/** An item's place in one list. */
export class Place<T> {
  readonly item: T;
  before: Place<T> | undefined = undefined;
  after: Place<T> | undefined = undefined;

  constructor(item: T) {
    this.item = item;
  }
}

/** Linked, since it changes twice with each request: a Map or Set with such a turnover rebuilds its table all the time. */
export class IdleList<T> {
  #first: Place<T> | undefined = undefined;
  #last: Place<T> | undefined = undefined;

  /** What has been unused for longest. */
  get first(): T | undefined {
    return this.#first?.item;
  }

  /** Puts an item that is in no list behind all others. */
  append(place: Place<T>): void {
    place.before = this.#last;
    if (this.#last === undefined) this.#first = place;
    else this.#last.after = place;
    this.#last = place;
  }

  /** Takes out an item that is in this list. */
  take(place: Place<T>): void {
    const { before, after } = place;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    place.before = undefined;
    place.after = undefined;
  }
}
