// The key set of an authorization server: fetched when needed, kept when the server is away, asked again with restraint.
import type { FlattenedJWSInput, JWSHeaderParameters } from 'jose';
import { createRemoteJWKSet, errors } from 'jose';

/** Age at which the keys are fetched again in the background, in ms. */
const REFRESH_MS = 600_000;
const FETCH_TIMEOUT_MS = 5000;
/** Fetches that tokens with unknown keys may cause: some at once after a rotation, few in the long run. */
const FETCH_BURST = 5;
const FETCH_EVERY_MS = 60_000;

/** The keys cannot be had at the moment: whether the token is good is not known. */
export class KeysUnavailable extends Error {}

/** Told when the keys can or cannot be fetched, once per change; `why` says what is wrong. */
export type KeySetListener = (ok: boolean, why: string) => void;

/**
 * Finds the key that signed a token. Anybody can send tokens that name unknown keys, so those cause fetches only as long
 * as the budget lasts; a fetch under way is waited for by all (RFC 7517; RFC 8725 section 3.10).
 */
export class KeySet {
  readonly #remote: ReturnType<typeof createRemoteJWKSet>;
  readonly #tell: KeySetListener;
  #fetches = FETCH_BURST;
  #fetchesAt = 0;
  #fetchedAt = 0;
  #ok = true;

  constructor(uri: string, tell: KeySetListener) {
    const forever = Number.POSITIVE_INFINITY;
    this.#remote = createRemoteJWKSet(new URL(uri), {
      timeoutDuration: FETCH_TIMEOUT_MS,
      // When to fetch is decided here: the library would forget good keys while their server is away.
      cooldownDuration: forever,
      cacheMaxAge: forever,
    });
    this.#tell = tell;
  }

  /** The key for a token's header; throws where there is none. For `jwtVerify`. */
  readonly find = async (header: JWSHeaderParameters, token: FlattenedJWSInput) => {
    if (this.#remote.jwks() === undefined) await this.#fetch();
    else if (performance.now() - this.#fetchedAt > REFRESH_MS) this.#fetch().catch(() => {});
    try {
      return await this.#remote(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (!this.#remote.reloading && !this.#mayFetch()) throw error;
      await this.#fetch();
      return await this.#remote(header, token);
    }
  };

  /** Fetches the keys; all who ask meanwhile wait for the same fetch. */
  async #fetch(): Promise<void> {
    this.#fetchedAt = performance.now();
    try {
      await this.#remote.reload();
      this.#note(true, '');
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#note(false, why);
      throw new KeysUnavailable(why);
    }
  }

  #note(ok: boolean, why: string): void {
    if (ok === this.#ok) return;
    this.#ok = ok;
    this.#tell(ok, why);
  }

  #mayFetch(): boolean {
    const now = performance.now();
    const gained = Math.floor((now - this.#fetchesAt) / FETCH_EVERY_MS);
    if (gained > 0) {
      this.#fetches = Math.min(FETCH_BURST, this.#fetches + gained);
      this.#fetchesAt = now;
    }
    if (this.#fetches === 0) return false;
    this.#fetches--;
    return true;
  }
}
