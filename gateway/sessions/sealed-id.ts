// Sealed session ids: the session travels in the id itself, so that any process with the key routes it and none stores it.
import { createCipheriv, createDecipheriv, hash, hkdfSync, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Session, SessionCodec, SessionScope } from '../core/session.ts';

const FORMAT = 'g1';
const SALT_BYTES = 16;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Longer ids are refused before anything is decoded. */
const MAX_ID_CHARS = 4096;
/** Keys kept while others take their place; each may have sealed ids that live yet. */
const MAX_KEYS = 8;
/** Opened ids kept, so that a session's later requests cost a look-up instead of a decryption. */
const OPENED_KEPT = 10_000;

interface Key {
  /** First hex digits of the key's digest: tells which key sealed an id without telling the key. */
  readonly kid: string;
  readonly secret: Buffer;
}

interface Opened {
  readonly session: Session;
  readonly path: string;
  readonly pool: string;
  readonly binding: string;
}

/**
 * AES-256-GCM under a key of its own for each id (HKDF with a random salt, RFC 5869): no nonce can repeat under one key.
 * Path, pool and principal are authenticated data, so an id that is used by another principal or elsewhere does not
 * open; there is no comparison to forget.
 */
export class SealedIds implements SessionCodec {
  #keys: readonly Key[];
  readonly #now: () => number;
  readonly #opened = new LRUCache<string, Opened>({ max: OPENED_KEPT });

  /** `secrets`: the first seals, all open. `now`: ms since the epoch. */
  constructor(secrets: readonly string[], now: () => number = Date.now) {
    this.#keys = secrets.map(keyOf);
    this.#now = now;
  }

  /** Seals with `secret` from now on; what was sealed before still opens. */
  sealWith(secret: string): void {
    const key = keyOf(secret);
    if (this.#keys[0]?.kid === key.kid) return;
    this.#keys = [key, ...this.#keys.filter(({ kid }) => kid !== key.kid)].slice(0, MAX_KEYS);
  }

  seal(session: Session, scope: SessionScope): string | undefined {
    const key = this.#keys[0];
    if (key === undefined) throw new Error('no session key');
    const salt = randomBytes(SALT_BYTES);
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', derive(key, salt), iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(boundTo(key.kid, scope));
    const { endpointId, upstreamId, openedAt, expiresAt, nonce, hello } = session;
    const plain = JSON.stringify([endpointId, upstreamId, openedAt, expiresAt, nonce, hello]);
    const sealed = Buffer.concat([
      salt,
      iv,
      cipher.update(plain, 'utf8'),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    const id = `${FORMAT}.${key.kid}.${sealed.toString('base64url')}`;
    return id.length > MAX_ID_CHARS ? undefined : id;
  }

  open(id: string, scope: SessionScope): Session | undefined {
    const known = this.#opened.get(id);
    if (known !== undefined) return this.#stillGood(known, scope) ? known.session : undefined;
    const session = this.#decrypt(id, scope);
    if (session === undefined || this.#expired(session)) return undefined;
    const { path, pool, principal } = scope;
    this.#opened.set(id, { session, path, pool, binding: principal.binding });
    return session;
  }

  #stillGood(opened: Opened, scope: SessionScope): boolean {
    return (
      opened.binding === scope.principal.binding &&
      opened.path === scope.path &&
      opened.pool === scope.pool &&
      !this.#expired(opened.session)
    );
  }

  #expired(session: Session): boolean {
    return this.#now() >= session.expiresAt * 1000;
  }

  #decrypt(id: string, scope: SessionScope): Session | undefined {
    if (id.length > MAX_ID_CHARS) return undefined;
    const [format, kid, text, ...rest] = id.split('.');
    const key = this.#keys.find((k) => k.kid === kid);
    if (format !== FORMAT || key === undefined || text === undefined || rest.length > 0) return undefined;
    const sealed = Buffer.from(text, 'base64url');
    // Node decodes leniently; only the one spelling that `seal` writes is an id.
    if (sealed.length <= SALT_BYTES + IV_BYTES + TAG_BYTES || sealed.toString('base64url') !== text)
      return undefined;
    const salt = sealed.subarray(0, SALT_BYTES);
    const iv = sealed.subarray(SALT_BYTES, SALT_BYTES + IV_BYTES);
    const body = sealed.subarray(SALT_BYTES + IV_BYTES, -TAG_BYTES);
    // Without authTagLength, Node accepts tags cut to four bytes.
    const decipher = createDecipheriv('aes-256-gcm', derive(key, salt), iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(boundTo(key.kid, scope));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    try {
      const plain = Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
      const [endpointId, upstreamId, openedAt, expiresAt, nonce, hello] = JSON.parse(plain);
      return { endpointId, upstreamId, openedAt, expiresAt, nonce, hello: hello ?? undefined };
    } catch {
      return undefined;
    }
  }
}

/** A key that nobody can guess, as text. */
export function newSessionKey(): string {
  return randomBytes(32).toString('base64url');
}

function keyOf(secret: string): Key {
  return {
    kid: hash('sha256', secret, 'hex').slice(0, 8),
    secret: Buffer.from(hash('sha256', `mcp-gateway session key\n${secret}`, 'hex'), 'hex'),
  };
}

function derive(key: Key, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', key.secret, salt, FORMAT, 32));
}

/** What an id is bound to; JSON keeps the parts apart whatever they contain. */
function boundTo(kid: string, { path, pool, principal }: SessionScope): Buffer {
  return Buffer.from(JSON.stringify([FORMAT, kid, path, pool, principal.binding]));
}
