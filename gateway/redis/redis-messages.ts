// Messages between replicas: Redis channels over a connection of their own, with word of every interruption.
import type { Redis } from 'ioredis';
import { HEARTBEAT_MS } from './redis-options.ts';

/** Who listens on a channel. */
export interface Listener {
  message(text: string): void;
  /** The channel is joined, at first or again: what was said before has been missed. */
  joined?(): void;
  /** The channel is left: what is said from here on is missed until `joined`. */
  left?(): void;
}

/** The subscriptions of one process. Channels are full names, prefix included. */
export class RedisMessages {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #redis: Redis;
  #heartbeat: NodeJS.Timeout | undefined = undefined;
  #joined = false;

  /** `redis` is not connected yet. */
  constructor(redis: Redis) {
    this.#redis = redis;
    this.#redis.on('error', () => {});
    this.#redis.on('ready', () => void this.#join());
    this.#redis.on('close', () => this.#leave());
    this.#redis.on('message', (channel: string, text: string) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener.message(text);
    });
    this.#redis.connect().catch(() => {});
  }

  /** Listens on a channel; the result ends it. */
  add(channel: string, listener: Listener): () => void {
    const known = this.#listeners.get(channel);
    if (known === undefined) {
      this.#listeners.set(channel, new Set([listener]));
      if (this.#joined)
        this.#redis.subscribe(channel).then(
          () => listener.joined?.(),
          () => this.#redis.disconnect(true),
        );
    } else {
      known.add(listener);
      if (this.#joined) listener.joined?.();
    }
    return () => this.#listeners.get(channel)?.delete(listener);
  }

  close(): void {
    clearInterval(this.#heartbeat);
    this.#listeners.clear();
    this.#redis.disconnect();
  }

  async #join(): Promise<void> {
    try {
      const channels = [...this.#listeners.keys()];
      if (channels.length > 0) await this.#redis.subscribe(...channels);
    } catch {
      this.#redis.disconnect(true);
      return;
    }
    this.#joined = true;
    this.#heartbeat = setInterval(() => {
      this.#redis.ping().catch(() => this.#redis.disconnect(true));
    }, HEARTBEAT_MS).unref();
    this.#each((listener) => listener.joined?.());
  }

  #leave(): void {
    clearInterval(this.#heartbeat);
    if (!this.#joined) return;
    this.#joined = false;
    this.#each((listener) => listener.left?.());
  }

  #each(tell: (listener: Listener) => void): void {
    for (const listeners of this.#listeners.values()) listeners.forEach(tell);
  }
}
