// Tokens: verifies JWT access tokens as an OAuth 2.1 resource server and says who their bearer is.
import { hash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import type { ClientPolicy, Principal } from '../core/principal.ts';
import type { KeySet } from './key-set.ts';
import { KeysUnavailable } from './key-set.ts';

export interface TokenRules {
  readonly issuer: string;
  /** A token must be for one of these. */
  readonly audiences: readonly string[];
  /** Claim that names the client. */
  readonly clientClaim: string;
  /** Scopes that every token must have. */
  readonly scopes: readonly string[];
  /** What the configuration says of the clients it names. */
  readonly policies: ReadonlyMap<string, ClientPolicy>;
}

/** The bearer of a good token, what is wrong with a bad one, or `unknown` while the issuer's keys cannot be had. */
export type TokenVerdict = Principal | 'invalid' | 'insufficient_scope' | 'unknown';

/** Signatures that only the holder of a private key can make: never `none`, nor HMAC with a key that is public. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** Tolerated difference between the clocks of the issuer and this machine. */
const CLOCK_TOLERANCE_S = 5;
const MAX_TOKEN_CHARS = 8192;
/** Verified tokens remembered, and for how long at most: a withdrawn key counts for no longer than that. */
const MAX_REMEMBERED = 10_000;
const REMEMBER_MS = 60_000;

const threeParts = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** Whether a credential has the form of a JWT, signed or not. */
export function looksLikeToken(text: string): boolean {
  return threeParts.test(text);
}

/** Verifies tokens; verifying a signature takes 50 µs and more, so verdicts on good tokens are remembered. */
export class Tokens {
  readonly #rules: TokenRules;
  readonly #keys: KeySet;
  readonly #audiences: string[];
  /** By digest: tokens are large and are secrets. */
  readonly #known = new LRUCache<string, Principal>({ max: MAX_REMEMBERED, ttlResolution: 0 });

  constructor(rules: TokenRules, keys: KeySet) {
    this.#rules = rules;
    this.#keys = keys;
    this.#audiences = rules.audiences.flatMap(spellings);
  }

  /** Who bears `token`; a token that was good a moment ago is answered at once. */
  verify(token: string): Principal | Promise<TokenVerdict> | 'invalid' {
    if (token.length > MAX_TOKEN_CHARS || !looksLikeToken(token)) return 'invalid';
    const digest = hash('sha256', token, 'base64');
    return this.#known.get(digest) ?? this.#check(token, digest);
  }

  async #check(token: string, digest: string): Promise<TokenVerdict> {
    const { issuer, scopes } = this.#rules;
    let payload: JWTPayload;
    try {
      const verified = await jwtVerify(token, this.#keys.find, {
        issuer,
        audience: this.#audiences,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ['exp'],
      });
      payload = verified.payload;
    } catch (error) {
      return error instanceof KeysUnavailable ? 'unknown' : 'invalid';
    }
    const principal = this.#principal(payload);
    if (principal === undefined) return 'invalid';
    const granted = scopesOf(payload);
    if (!scopes.every((scope) => granted.includes(scope))) return 'insufficient_scope';
    const ttl = Math.min(REMEMBER_MS, (payload.exp as number) * 1000 - Date.now());
    if (ttl > 0) this.#known.set(digest, principal, { ttl });
    return principal;
  }

  /** The binding is the subject at its issuer, not the token, which is another one after each refresh. */
  #principal(payload: JWTPayload): Principal | undefined {
    const { issuer, clientClaim, policies } = this.#rules;
    const claim = payload[clientClaim];
    if (typeof claim !== 'string' || claim === '') return undefined;
    const id = clientId(claim);
    const subject = typeof payload.sub === 'string' ? payload.sub : claim;
    return { id, binding: JSON.stringify([issuer, subject, id]), policy: policies.get(id) };
  }
}

/** Clients write the URL of an origin with and without its slash (RFC 3986 section 6.2.3: they are the same). */
function spellings(audience: string): string[] {
  if (new URL(audience).pathname !== '/') return [audience];
  const bare = audience.replace(/\/$/, '');
  return [bare, `${bare}/`];
}

/** A client's name as limits and logs use it: a claim that is long or has odd characters goes by its digest. */
function clientId(claim: string): string {
  return /^[\x21-\x7e]{1,128}$/.test(claim) ? claim : `sha256:${hash('sha256', claim, 'hex').slice(0, 16)}`;
}

/** `scope` as in RFC 9068 section 2.2.3, or `scp` as some servers spell it. */
function scopesOf({ scope, scp }: JWTPayload): readonly unknown[] {
  if (typeof scope === 'string') return scope.split(' ');
  if (Array.isArray(scp)) return scp;
  return typeof scp === 'string' ? scp.split(' ') : [];
}
