// Reload: reads the file again and, when it is good, puts what changed to use; a bad file changes nothing.
import { changedPaths } from '../../config/diff.ts';
import type { LoadResult } from '../../config/load.ts';
import type { Finding, Problem } from '../../config/problem.ts';
import { formatPath, formatProblem } from '../../config/problem.ts';
import { keepFixed } from '../../config/restart.ts';
import type { Config } from '../../config/schema.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Names, NewNames } from '../upstream/new-names.ts';

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

/** Why a reload happens: `SIGHUP`, a changed file, the admin listener, or a name that a refused file has waited for. */
export type ReloadCause = 'signal' | 'file' | 'admin' | 'name';

/** What came of a reload; paths as the file has them. */
export type ReloadOutcome =
  | { readonly ok: true; readonly changed: string[]; readonly needRestart: string[] }
  | { readonly ok: false; readonly problems: string[] };

/** Addresses by name. */
type FoundNames = ReadonlyMap<string, readonly string[]>;

/** What a reload acts on. */
export interface ReloadTarget {
  /** Asks for the names that a configuration brings and that are not among `found`; rejects where `signal` ends that. */
  names(config: Config, found: FoundNames, signal: AbortSignal): Promise<NewNames>;
  /** Puts a configuration to use; throws when it cannot, having changed nothing. */
  apply(config: Config, names: Names): void;
  /** The files are about to be read as they are now. */
  reading(): void;
  /**
   * The files that the last reading named, whether it was good or not: one that was missing may come. Those of `listen.tls`,
   * which need no reload to be followed, are among them until the reading is put to use: they may be why it cannot be.
   */
  watch(files: readonly string[]): void;
}

/** Turns files into running configurations, one at a time: between reading and swapping nothing is waited for but new names. */
export class Reloader {
  /** Whether the last reading was put to use. */
  successful = true;
  #running: Config;
  readonly #source: ConfigSource;
  readonly #target: ReloadTarget;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  /** Resolves when the last reload that was asked for is through. */
  #last: Promise<unknown> = Promise.resolve();
  /** The one that has not begun yet. */
  #next: Promise<ReloadOutcome> | undefined = undefined;
  #follow: (() => void) | undefined = undefined;
  /** What has been found of the names that a refused file waits for. */
  readonly #found = new Map<string, readonly string[]>();

  constructor(source: ConfigSource, target: ReloadTarget, logger: Logger) {
    this.#source = source;
    this.#running = source.config;
    this.#target = target;
    this.#logger = logger;
    this.#warn(source.warnings);
  }

  /** Reads the file again once no other reload is under way; whoever asks for that meanwhile shares one reading. */
  reload(cause: ReloadCause): Promise<ReloadOutcome> {
    if (this.#next === undefined) {
      this.#next = this.#last.then(() => {
        this.#next = undefined;
        return this.#reload(cause);
      });
      this.#last = this.#next.catch(() => undefined);
    }
    return this.#next;
  }

  /** Waits for no name any more: a reload that does is refused. */
  close(): void {
    this.#stopping.abort(new Error('The gateway is about to stop'));
    this.#follow?.();
  }

  async #reload(cause: ReloadCause): Promise<ReloadOutcome> {
    const { reread } = this.#source;
    if (reread === undefined) {
      return { ok: false, problems: ['This gateway was started without a configuration file'] };
    }
    this.#follow?.();
    this.#target.reading();
    const loaded = reread.load();
    // From here on, not from the swap on: what changes while names are waited for is to be read again.
    this.#target.watch([...loaded.files, ...loaded.certificate]);
    if (!loaded.ok) return this.#failed(cause, loaded.problems.map(formatProblem));
    const { config, needRestart } = keepFixed(this.#running, loaded.config);
    const changed = changedPaths(this.#running, config);
    try {
      if (changed.length > 0) {
        const names = await this.#target.names(config, this.#found, this.#stopping.signal);
        if (names.problems.length > 0) {
          this.#follow = names.follow((name, addresses) => {
            this.#found.set(name, addresses);
            void this.reload('name');
          });
          const place = ({ path }: Finding) => ({ ...loaded.positionOf(path), path: formatPath(path) });
          return this.#failed(
            cause,
            names.problems.map((one) => formatProblem({ ...one, ...place(one), file: reread.file })),
          );
        }
        this.#target.apply(config, names);
      }
    } catch (error) {
      return this.#failed(cause, [error instanceof Error ? error.message : String(error)]);
    }
    this.#found.clear();
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

  #failed(cause: ReloadCause, problems: string[]): ReloadOutcome {
    this.successful = false;
    for (const message of problems) this.#logger.log({ event: 'reload_failed', cause, message });
    return { ok: false, problems };
  }
}
