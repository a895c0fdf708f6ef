// Reload: reads the file again and, when it is good, puts what changed to use; a bad file changes nothing.
import { changedPaths } from '../../config/diff.ts';
import type { LoadResult } from '../../config/load.ts';
import type { Problem } from '../../config/problem.ts';
import { formatProblem } from '../../config/problem.ts';
import { keepFixed } from '../../config/restart.ts';
import type { Config } from '../../config/schema.ts';
import type { Logger } from '../telemetry/logger.ts';

/** A configuration and how to read it again. */
export interface ConfigSource {
  readonly config: Config;
  /** Absolute paths of the files that it takes secrets from. */
  readonly files: readonly string[];
  /** What in it may surprise. */
  readonly warnings: readonly Problem[];
  /** The file that it was read from, and its reader; absent when it came from no file. */
  readonly reread?: { readonly file: string; readonly load: () => LoadResult };
}

/** Why a reload happens: `SIGHUP`, a changed file, or the admin listener. */
export type ReloadCause = 'signal' | 'file' | 'admin';

/** What came of a reload; paths as the file has them. */
export type ReloadOutcome =
  | { readonly ok: true; readonly changed: string[]; readonly needRestart: string[] }
  | { readonly ok: false; readonly problems: string[] };

/** What a reload acts on. */
export interface ReloadTarget {
  /** Puts a configuration to use; throws when it cannot, having changed nothing. */
  apply(config: Config): void;
  /** The files are about to be read as they are now. */
  reading(): void;
  /**
   * The files that the last reading named, whether it was good or not: one that was missing may come. Those of `listen.tls`,
   * which need no reload to be followed, are among them only where the reading was not put to use: they may have been why.
   */
  watch(files: readonly string[]): void;
}

/** Turns files into running configurations, one at a time: everything between reading and swapping is synchronous. */
export class Reloader {
  /** Whether the last reading was put to use. */
  successful = true;
  #running: Config;
  readonly #source: ConfigSource;
  readonly #target: ReloadTarget;
  readonly #logger: Logger;

  constructor(source: ConfigSource, target: ReloadTarget, logger: Logger) {
    this.#source = source;
    this.#running = source.config;
    this.#target = target;
    this.#logger = logger;
    this.#warn(source.warnings);
  }

  reload(cause: ReloadCause): ReloadOutcome {
    const { reread } = this.#source;
    if (reread === undefined) {
      return { ok: false, problems: ['This gateway was started without a configuration file'] };
    }
    this.#target.reading();
    const loaded = reread.load();
    if (!loaded.ok) return this.#failed(cause, loaded, loaded.problems.map(formatProblem));
    const { config, needRestart } = keepFixed(this.#running, loaded.config);
    const changed = changedPaths(this.#running, config);
    try {
      if (changed.length > 0) this.#target.apply(config);
    } catch (error) {
      return this.#failed(cause, loaded, [error instanceof Error ? error.message : String(error)]);
    }
    this.#target.watch(loaded.files);
    this.#running = config;
    this.successful = true;
    this.#logger.log({ event: 'reload', cause, changed: changed.join(', ') || 'nothing' });
    for (const path of needRestart) {
      this.#logger.log({ event: 'reload_needs_restart', path, message: 'takes effect at the next start' });
    }
    this.#warn(loaded.warnings);
    return { ok: true, changed, needRestart };
  }

  #warn(warnings: readonly Problem[]): void {
    for (const warning of warnings)
      this.#logger.log({ event: 'config_warning', message: formatProblem(warning) });
  }

  #failed(cause: ReloadCause, { files, certificate }: LoadResult, problems: string[]): ReloadOutcome {
    this.successful = false;
    this.#target.watch([...files, ...certificate]);
    for (const message of problems) this.#logger.log({ event: 'reload_failed', cause, message });
    return { ok: false, problems };
  }
}
