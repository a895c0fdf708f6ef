// Sealed entries: how an entry is written for a store that is not trusted; what was not sealed under its name does not open.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { ownBytes } from './arena.ts';
import type { CacheEntry } from './store.ts';

/** Changes with the form below. */
const VERSION = 1;
const PLAIN = 0;
const ZSTD = 1;
/** Digits of the time at which the fetch began, at the front where the store's scripts read it. */
const SINCE_DIGITS = 16;
const MAC_BYTES = 32;
const HEAD_BYTES = SINCE_DIGITS + 2;
const COMPRESS_FROM = 4096;

/** Why a value was not believed. */
export type Rejection = 'version' | 'seal' | 'form';

type Head = [
  storedAt: number,
  freshUntil: number,
  staleUntil: number,
  errorUntil: number,
  statedScope: CacheEntry['statedScope'] | null,
  meta: string,
  serverInfo: string,
];

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** Seals entries with a key that all processes of a fleet have. */
export class SealedEntries {
  readonly #key: Buffer;
  readonly #maxBytes: number;

  /** `secret`: any text; `maxBytes`: no entry unpacks to more. */
  constructor(secret: string, maxBytes: number) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, 'mcp-gateway', 'cache entries', 32));
    this.#maxBytes = maxBytes;
  }

  /** Most bytes that a sealed entry can have. */
  get maxSealedBytes(): number {
    return HEAD_BYTES + MAC_BYTES + this.#maxBytes;
  }

  /** The sealed form: since, version, packing, MAC over name and all else, payload. `since`: 16 digits. */
  async seal(name: string, since: string, entry: CacheEntry): Promise<Buffer> {
    const { storedAt, freshUntil, staleUntil, errorUntil, statedScope, meta, serverInfo, members } = entry;
    const fields: Head = [
      storedAt,
      freshUntil,
      staleUntil,
      errorUntil,
      statedScope ?? null,
      meta,
      serverInfo,
    ];
    const text = Buffer.from(JSON.stringify(fields));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    const plain = Buffer.concat([length, text, Buffer.isBuffer(members) ? members : ownBytes(members)]);
    const packed = plain.length > COMPRESS_FROM ? await compress(plain) : plain;
    const smaller = packed.length < plain.length;
    const head = Buffer.from(`${since.padStart(SINCE_DIGITS, '0')}\0\0`, 'latin1');
    head[SINCE_DIGITS] = VERSION;
    head[SINCE_DIGITS + 1] = smaller ? ZSTD : PLAIN;
    const payload = smaller ? packed : plain;
    return Buffer.concat([head, this.#mac(name, head, payload), payload]);
  }

  /** The entry of a value that was found under `name`, or why it is not believed. */
  async open(name: string, value: Buffer, tags: readonly string[]): Promise<CacheEntry | Rejection> {
    if (value.length < HEAD_BYTES + MAC_BYTES) return 'form';
    const head = value.subarray(0, HEAD_BYTES);
    if (head[SINCE_DIGITS] !== VERSION) return 'version';
    const payload = value.subarray(HEAD_BYTES + MAC_BYTES);
    const mac = value.subarray(HEAD_BYTES, HEAD_BYTES + MAC_BYTES);
    if (!timingSafeEqual(mac, this.#mac(name, head, payload))) return 'seal';
    try {
      const isPacked = head[SINCE_DIGITS + 1] === ZSTD;
      const plain = isPacked ? await decompress(payload, { maxOutputLength: this.#maxBytes }) : payload;
      return unpack(plain, tags);
    } catch {
      return 'form';
    }
  }

  #mac(name: string, head: Buffer, payload: Buffer): Buffer {
    return createHmac('sha256', this.#key)
      .update(`${name.length}:${name}`)
      .update(head)
      .update(payload)
      .digest();
  }
}

function unpack(plain: Buffer, tags: readonly string[]): CacheEntry {
  const membersAt = 4 + plain.readUInt32BE(0);
  const [storedAt, freshUntil, staleUntil, errorUntil, statedScope, meta, serverInfo] = JSON.parse(
    plain.toString('utf8', 4, membersAt),
  ) as Head;
  const members = Buffer.allocUnsafeSlow(plain.length - membersAt);
  plain.copy(members, 0, membersAt);
  return {
    storedAt,
    freshUntil,
    staleUntil,
    errorUntil,
    statedScope: statedScope ?? undefined,
    meta,
    serverInfo,
    members,
    tags,
  };
}
