// The connection to Redis that all shared state goes over: it answers in time or not at all, and never fails a call.
import type { Redis } from 'ioredis';
import { Breaker } from './breaker.ts';
import type { Listener } from './redis-messages.ts';
import { RedisMessages } from './redis-messages.ts';
import { commandOptions, messageOptions, retryDelay } from './redis-options.ts';

export interface RedisSettings {
  /** `redis://` or `rediss://`. */
  readonly url: string;
  /** Put before every key and channel. */
  readonly prefix: string;
  /** Longest wait for the answer to a command, in ms: what Redis can cost a call. */
  readonly timeout: number;
}

/** Told when Redis comes or goes; `why` says what is wrong. The first call tells the first state known. */
export type StateListener = (up: boolean, why: string) => void;

/** A script's run: keys and arguments in the order of the script; undefined when Redis is away. */
export type Script = (...keysAndArgs: (string | number | Buffer)[]) => Promise<unknown>;

/** A client with the scripts that were defined on it, by name. */
type Scripted = Redis & Readonly<Record<string, Script | undefined>>;

/** A subscription made before the client was loaded. */
interface Subscription {
  readonly channel: string;
  readonly listener: Listener;
  end(): void;
}

/** Wait before Redis is asked again after it has failed too often while connected, in ms. */
const HOLD_MS = 1000;
const away = Promise.resolve(undefined);

/** One process's connection to Redis. */
export class RedisConnection {
  readonly prefix: string;
  /** Whether commands are sent at all. */
  up = false;
  readonly #url: string;
  readonly #timeoutMs: number;
  readonly #breaker = new Breaker();
  readonly #stateListeners: StateListener[] = [];
  readonly #early = new Set<Subscription>();
  readonly #scripts = new Map<string, { lua: string; numberOfKeys?: number }>();
  #redis: Redis | undefined = undefined;
  #messages: RedisMessages | undefined = undefined;
  #told: boolean | undefined = undefined;
  #problem = 'no connection';
  #held = false;
  #closed = false;

  constructor({ url, prefix, timeout }: RedisSettings) {
    this.#url = url;
    this.#timeoutMs = timeout;
    this.prefix = prefix;
    this.#open().catch((error: unknown) => this.#tell(false, String(error)));
  }

  /**
   * Runs a command. The promise never rejects and is never late: it gives undefined when Redis is away, answers with an
   * error or takes too long. Errors inside a pipeline stay in its result.
   */
  run<T>(command: (redis: Redis) => Promise<T>): Promise<T | undefined> {
    const redis = this.#redis;
    if (!this.up || redis === undefined) return away;
    return new Promise((resolve) => {
      let judged = false;
      const judge = () => {
        judged = true;
        this.#timedOut();
        resolve(undefined);
      };
      // A timer of a busy process fires before the answers that are there have been read: they are read first.
      const timer = setTimeout(() => setImmediate(() => judged || judge()), this.#timeoutMs);
      command(redis).then(
        (value) => {
          clearTimeout(timer);
          judged = true;
          this.#breaker.succeeded();
          resolve(value);
        },
        (error: unknown) => {
          clearTimeout(timer);
          if (!judged) this.#failed(error);
          judged = true;
          resolve(undefined);
        },
      );
    });
  }

  /**
   * Makes a Lua script callable; it travels once per server. `name` is unique among scripts. Without `numberOfKeys` that
   * number comes first among the arguments of each call; `bytes` leaves texts in the answer as Buffers.
   */
  script(name: string, lua: string, numberOfKeys?: number, answers: 'text' | 'bytes' = 'text'): Script {
    const definition = numberOfKeys === undefined ? { lua } : { lua, numberOfKeys };
    this.#scripts.set(name, definition);
    this.#redis?.defineCommand(name, definition);
    const method = answers === 'bytes' ? `${name}Buffer` : name;
    return (...keysAndArgs) => this.run((redis) => (redis as Scripted)[method]?.(...keysAndArgs) ?? away);
  }

  /** Listens on a channel, which gets the prefix; the result ends it. */
  subscribe(channel: string, listener: Listener): () => void {
    const full = this.prefix + channel;
    if (this.#messages !== undefined) return this.#messages.add(full, listener);
    const early: Subscription = { channel: full, listener, end: () => this.#early.delete(early) };
    this.#early.add(early);
    return () => early.end();
  }

  /** Says `message` on a channel, which gets the prefix; undefined when Redis is away. */
  publish(channel: string, message: string): Promise<number | undefined> {
    return this.run((redis) => redis.publish(this.prefix + channel, message));
  }

  /** Has `listener` told of each change of state from now on. */
  onState(listener: StateListener): void {
    this.#stateListeners.push(listener);
  }

  /** Drops both connections; nothing is sent any more. */
  close(): void {
    this.#closed = true;
    this.up = false;
    this.#redis?.disconnect();
    this.#messages?.close();
  }

  /** The client is loaded here: a gateway without Redis does not pay for it. */
  async #open(): Promise<void> {
    const { Redis: Client } = await import('ioredis');
    if (this.#closed) return;
    const delay = (attempt: number) => retryDelay(attempt, Math.random);
    const redis = new Client(
      this.#url,
      commandOptions(this.#timeoutMs, (attempt) => (this.#held ? HOLD_MS : delay(attempt))),
    );
    for (const [name, script] of this.#scripts) redis.defineCommand(name, script);
    redis.on('error', (error: Error) => {
      this.#problem = error.message;
    });
    redis.on('ready', () => {
      this.#held = false;
      // From here on commands are timed here; the handshake was held to the same time.
      redis.options.commandTimeout = undefined;
      this.#breaker.succeeded();
      this.up = true;
      this.#tell(true, '');
    });
    redis.on('close', () => {
      redis.options.commandTimeout = this.#timeoutMs;
      this.up = false;
      this.#tell(false, this.#problem);
    });
    this.#redis = redis;
    redis.connect().catch(() => {});
    this.#messages = new RedisMessages(new Client(this.#url, messageOptions(delay)));
    for (const early of this.#early) early.end = this.#messages.add(early.channel, early.listener);
  }

  #failed(error: unknown): void {
    if (!this.up || !(error instanceof Error)) return;
    // An answer that says no comes from a server that is well: a full one can still be read, and reading it is cheap.
    if (error.name === 'ReplyError') {
      if (error.message.startsWith('READONLY')) this.#trip('it has become a read-only replica');
    } else if (this.#breaker.failed()) this.#trip(error.message);
  }

  #timedOut(): void {
    if (this.up && this.#breaker.timedOut()) this.#trip(`no answer within ${this.#timeoutMs} ms`);
  }

  /**
   * Gives the connection up and lets a new one prove itself: its handshake is held to the same time, so a server that
   * hangs or is slow is not asked by any call until it is well.
   */
  #trip(why: string): void {
    this.#problem = why;
    this.#held = true;
    this.up = false;
    this.#redis?.disconnect(true);
    this.#tell(false, why);
  }

  #tell(up: boolean, why: string): void {
    if (this.#told === up || this.#closed) return;
    this.#told = up;
    for (const listener of this.#stateListeners) listener(up, why);
  }
}
