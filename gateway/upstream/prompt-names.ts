// Prompt names: which prompts a pool lists, asked for when a client gets one; bounds a metric label and nothing else.
import { OwnClient } from './own-client.ts';
import type { Pool } from './pool.ts';

const LIST_TIMEOUT_MS = 10_000;
/** At most one question in this time, however many unknown names clients ask for. */
const ASK_EVERY_MS = 10_000;
const MAX_PAGES = 100;
const MAX_PROMPTS = 10_000;

/** The prompts of one pool; none until the first list has arrived. */
export class PromptNames {
  readonly #pool: Pool;
  readonly #now: () => number;
  #names: ReadonlySet<string> = new Set();
  #askedAt = Number.NEGATIVE_INFINITY;

  /** `now`: monotonic ms. */
  constructor(pool: Pool, now: () => number) {
    this.#pool = pool;
    this.#now = now;
  }

  /** Whether the pool lists this prompt; an unknown name makes the list be asked for, in its time. */
  has(name: string): boolean {
    if (this.#names.has(name)) return true;
    this.#refresh().catch(() => {});
    return false;
  }

  async #refresh(): Promise<void> {
    const now = this.#now();
    if (now - this.#askedAt < ASK_EVERY_MS) return;
    this.#askedAt = now;
    const endpoint = this.#pool.available[0];
    if (endpoint === undefined) return;
    const client = new OwnClient(this.#pool, endpoint);
    try {
      this.#names = await list(client);
    } finally {
      await client.close().catch(() => {});
    }
  }
}

async function list(client: OwnClient): Promise<Set<string>> {
  const names = new Set<string>();
  let cursor: unknown;
  for (let page = 0; page < MAX_PAGES && names.size < MAX_PROMPTS; page++) {
    const params = cursor === undefined ? {} : { cursor };
    const { result } = await client.request('prompts/list', params, LIST_TIMEOUT_MS);
    for (const prompt of Array.isArray(result?.['prompts']) ? result['prompts'] : []) {
      if (typeof prompt?.name === 'string') names.add(prompt.name);
    }
    cursor = result?.['nextCursor'];
    if (typeof cursor !== 'string') break;
  }
  return names;
}
