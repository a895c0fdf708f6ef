// The fair queue: what waits for something that all clients share is served client by client, not first come.

/** What can wait: it has a client. */
export interface Waiting {
  readonly client: string;
}

/** Round robin over clients, first come within one: a client with a long queue delays itself and nobody else. */
export class FairQueue<T extends Waiting> {
  /** In the order in which clients have their turn; a client that was served goes to the end. */
  readonly #clients = new Map<string, Set<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(item: T): void {
    const known = this.#clients.get(item.client);
    if (known === undefined) this.#clients.set(item.client, new Set([item]));
    else known.add(item);
    this.#size++;
  }

  /** Takes `item` out; false when it is not in here. */
  delete(item: T): boolean {
    const items = this.#clients.get(item.client);
    if (items === undefined || !items.delete(item)) return false;
    if (items.size === 0) this.#clients.delete(item.client);
    this.#size--;
    return true;
  }

  /** Takes out the next item that `fits`. */
  next(fits: (item: T) => boolean): T | undefined {
    for (const [client, items] of this.#clients) {
      for (const item of items) {
        if (!fits(item)) continue;
        this.delete(item);
        if (this.#clients.delete(client)) this.#clients.set(client, items);
        return item;
      }
    }
    return undefined;
  }
}
