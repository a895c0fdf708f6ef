// The logger: one record one line, each named by its event; pino behind an output that never blocks.
import { isatty } from 'node:tty';
import { type Logger as Pino, pino } from 'pino';
import { events, type LogEvent } from './events.ts';
import { escapeUnprintable, formatter, type LogFormat } from './log-format.ts';
import { LogOutput } from './log-output.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/**
 * A record: its event, and flat fields; `message` is for people. Never arguments, results, tokens or
 * session ids.
 */
export interface LogRecord {
  readonly event: LogEvent;
  readonly [field: string]: string | number | boolean | null | undefined;
}

export interface LogSettings {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** File descriptor or path; standard output by default. */
  readonly to?: number | string;
  /** Bytes that may wait for a slow reader before lines are dropped. */
  readonly maxBufferBytes?: number;
}

/** Writes records. */
export class Logger {
  /** True when `info` records are written; read once per call, so it is a field. */
  writesInfo = true;
  readonly #pino: Pino;
  readonly #output: LogOutput;
  readonly #format: ((jsonLine: string) => string) | undefined;

  constructor({ level, format, to = 1, maxBufferBytes = 4 * 1024 * 1024 }: LogSettings) {
    this.#output = new LogOutput(to, maxBufferBytes);
    this.#format = formatter(format, to === 1 && isatty(1));
    this.#pino = pino(
      {
        level,
        base: null,
        timestamp: () => `,"time":"${timestamp(Date.now())}"`,
        formatters: { level: (label) => ({ level: label }) },
      },
      { write: (line: string) => this.line(escapeUnprintable(line)) },
    );
    this.level = level;
  }

  get level(): LogLevel {
    return this.#pino.level as LogLevel;
  }

  set level(level: LogLevel) {
    this.#pino.level = level;
    this.writesInfo = this.#pino.isLevelEnabled('info');
  }

  /** Writes a record at the level of its event. */
  log(record: LogRecord): void {
    this.#pino[events[record.event].level](record);
  }

  /** Writes a finished record: printable JSON and a line feed. */
  line(json: string): void {
    this.#output.write(this.#format === undefined ? json : this.#format(json));
  }

  /** Lines thrown away since start because nobody read them fast enough. */
  get dropped(): number {
    return this.#output.dropped;
  }

  /** Writes what is left, for a second at most, and takes no more. */
  close(): Promise<void> {
    return this.#output.close();
  }
}

let second = -1;
let secondText = '';

/** An epoch in ms as ISO 8601 text; a tenth of the cost of `toISOString`, which every line would pay. */
export function timestamp(epochMs: number): string {
  const whole = Math.floor(epochMs / 1000);
  if (whole !== second) {
    second = whole;
    secondText = new Date(whole * 1000).toISOString().slice(0, 20);
  }
  const ms = epochMs - whole * 1000;
  return `${secondText}${ms < 10 ? '00' : ms < 100 ? '0' : ''}${ms}Z`;
}
