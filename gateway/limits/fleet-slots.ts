// Fleet slots: a client's slots counted over all gateways that share a store.

/** What one gateway tells the others of its clients' calls, and asks them. */
export interface FleetSlots {
  /**
   * Asks for slots, of which this gateway then has `held` for the client. Answers at once when the fleet cannot be asked:
   * then this gateway's share of the limit decides.
   */
  take(client: string, held: number, limit: number): boolean | Promise<boolean>;
  /** Whether slots may go from call to call here without asking, while this gateway has `held`. */
  mayHandOn(held: number, limit: number): boolean;
  /** Whether `held` is no more than this gateway's share of the limit. */
  withinShare(held: number, limit: number): boolean;
  /** Some were given back; `held` are left. */
  give(client: string, held: number): void;
}
