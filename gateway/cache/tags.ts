// Tags: the names under which entries are purged; a purge is one number per tag, and every entry is checked against it.

/** A name with the moment of its last purge. */
interface Tag {
  purgedAt: number;
}

/** Tag names that are told apart; beyond, everything is dropped and counting begins anew. */
const MAX_TAGS = 20_000;

/** What makes up an entry's tags. */
export const tagOf = {
  all: () => 'all',
  pool: (pool: string) => `pool:${pool}`,
  tool: (tool: string) => `tool:${tool}`,
  poolTool: (pool: string, tool: string) => `tool:${pool}/${tool}`,
  method: (pool: string, method: string) => `method:${pool}/${method}`,
  named: (name: string) => `tag:${name}`,
} as const;

/** Proof that an entry was valid when its fetch began; `stands` is asked on every hit. */
export class Validity {
  readonly names: readonly string[];
  readonly #tags: readonly Tag[];
  readonly #since: number;

  constructor(names: readonly string[], tags: readonly Tag[], since: number) {
    this.names = names;
    this.#tags = tags;
    this.#since = since;
  }

  get stands(): boolean {
    for (let i = 0; i < this.#tags.length; i++) {
      if ((this.#tags[i] as Tag).purgedAt > this.#since) return false;
    }
    return true;
  }
}

/** The purges of one process, counted: what began before a purge of one of its tags is not served after it. */
export class Tags {
  readonly #tags = new Map<string, Tag>();
  #proofs = new WeakMap<readonly string[], { since: number; validity: Validity }>();
  /** Last purge of something that is no tag: what is being fetched may be meant. */
  #otherPurgedAt = 0;
  #now = 1;

  /** The moment at which a fetch begins. */
  get now(): number {
    return this.#now;
  }

  /** The validity of what was fetched since `since`; undefined when it has been purged meanwhile. */
  validity(names: readonly string[], since: number): Validity | undefined {
    if (this.#tags.size + names.length > MAX_TAGS) this.#forget();
    if (this.#otherPurgedAt > since) return undefined;
    // The entries of one rule that were fetched between the same two purges share one proof.
    const known = this.#proofs.get(names);
    if (known?.since === since && known.validity.stands) return known.validity;
    const tags = names.map((name) => this.#tag(name));
    const validity = new Validity(names, tags, since);
    if (!validity.stands) return undefined;
    this.#proofs.set(names, { since, validity });
    return validity;
  }

  /** Whether something under one of these names has been purged since. */
  purgedSince(names: readonly string[], since: number): boolean {
    return this.#otherPurgedAt > since || names.some((name) => (this.#tags.get(name)?.purgedAt ?? 0) > since);
  }

  purge(names: readonly string[]): void {
    if (this.#tags.size + names.length > MAX_TAGS) this.#forget();
    this.#now++;
    for (const name of names) this.#tag(name).purgedAt = this.#now;
  }

  /** Something that is no tag has been purged: no fetch under way is kept. */
  purgeUnderWay(): void {
    this.#otherPurgedAt = ++this.#now;
  }

  #tag(name: string): Tag {
    let tag = this.#tags.get(name);
    if (tag === undefined) {
      tag = { purgedAt: 0 };
      this.#tags.set(name, tag);
    }
    return tag;
  }

  #forget(): void {
    this.#now++;
    for (const tag of this.#tags.values()) tag.purgedAt = this.#now;
    this.#otherPurgedAt = this.#now;
    this.#tags.clear();
    this.#proofs = new WeakMap();
  }
}
