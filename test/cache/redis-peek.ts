// Looks into the Redis of a test, past the gateways, and puts there what a gateway never would.
import { Redis } from 'ioredis';

const PREFIX = 'mcpgw:cache:';

export class RedisPeek {
  readonly #redis: Redis;

  private constructor(redis: Redis) {
    this.#redis = redis;
  }

  static async connect(url: string): Promise<RedisPeek> {
    const redis = new Redis(url, { lazyConnect: true });
    redis.on('error', () => {});
    await redis.connect();
    return new RedisPeek(redis);
  }

  /** The entries of the shared cache. */
  async values(): Promise<{ key: string; value: Buffer }[]> {
    const keys = await this.#redis.keys(`${PREFIX}e:*`);
    const found = await Promise.all(
      keys.map(async (key) => ({ key, value: await this.#redis.getBuffer(key) })),
    );
    return found.flatMap(({ key, value }) => (value === null ? [] : [{ key, value }]));
  }

  /** The one lease that is held. */
  async lease(): Promise<string> {
    const [key] = await this.#redis.keys(`${PREFIX}l:*`);
    if (key === undefined) throw new Error('no lease is held');
    return key;
  }

  async set(key: string, value: Buffer, ms = 60_000): Promise<void> {
    await this.#redis.set(key, value, 'PX', ms);
  }

  close(): Promise<void> {
    this.#redis.disconnect();
    return Promise.resolve();
  }
}
