// Active checks: asks one endpoint again and again whether it is well, one question at a time.
import { Failure } from '../core/failure.ts';
import { CheckStreak, type CheckThresholds } from './check-streak.ts';
import type { Clock, Unschedule } from './clock.ts';

/** Asks the endpoint; rejects when it does not answer within `timeoutMs`, or not as one that is well. */
export type Probe = (timeoutMs: number) => Promise<void>;

export interface CheckSettings extends CheckThresholds {
  /** The longest time between two checks of an endpoint whose verdict is clear. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export interface CheckOwner {
  readonly clock: Clock;
  readonly random: () => number;
  /** A check has ended; `changed` says whether `healthy` has just become what it is. */
  checked(passed: boolean, healthy: boolean, changed: boolean, why: string | undefined): void;
  /** A check could not be made, for want of something on this machine: that says nothing of the endpoint. */
  unasked(): void;
  /** True while callers are turned away for want of an endpoint: then the next check comes soon. */
  readonly urgent: boolean;
}

/** While the verdict is open, or callers wait for it, checks follow each other this closely. */
const SOON_MS = 100;
/** One that could not be made is made again after this, in ms. */
const UNASKED_RETRY_MS = 1000;
/** An endpoint that has just let a whole timeout pass, and is to leave if so again, is given this share of it. */
const FURTHER_TIMEOUT_SHARE = 0.25;

/**
 * The checks of one endpoint. Jitter only shortens the interval, to 60-80 % of it: with the defaults an endpoint that
 * hangs is found within 8 s to the next check, 2 s for it to fail and twice half a second to be sure.
 */
export class ActiveChecks {
  readonly #probe: Probe;
  readonly #settings: CheckSettings;
  readonly #owner: CheckOwner;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #streak: CheckStreak;
  #unschedule: Unschedule | undefined = undefined;
  #asking = false;
  #askAgain = false;
  /** The check under way was asked for while another was. */
  #isRepeat = false;
  /** The last check has let its whole time pass. */
  #isSilent = false;
  #stopped = false;

  constructor(probe: Probe, settings: CheckSettings, owner: CheckOwner, healthy: boolean) {
    this.#probe = probe;
    this.#settings = settings;
    this.#owner = owner;
    this.#clock = owner.clock;
    this.#random = owner.random;
    this.#streak = new CheckStreak(settings, healthy);
  }

  get healthy(): boolean {
    return this.#streak.healthy;
  }

  /** Asks at once; of a check that is under way only a bad answer counts, since a good one may come from before. */
  checkNow(): void {
    if (this.#asking) {
      if (!this.#isRepeat) this.#askAgain = true;
      return;
    }
    this.#unschedule?.();
    this.#ask();
  }

  stop(): void {
    this.#stopped = true;
    this.#unschedule?.();
  }

  #ask(): void {
    if (this.#stopped) return;
    this.#asking = true;
    const { timeoutMs } = this.#settings;
    const within =
      this.#isSilent && this.#streak.healthy ? Math.ceil(timeoutMs * FURTHER_TIMEOUT_SHARE) : timeoutMs;
    const askedAt = this.#clock.now();
    this.#probe(within).then(
      () => this.#answered(true, undefined),
      (error: unknown) => {
        this.#isSilent = Math.ceil(this.#clock.now() - askedAt) >= within;
        if (error instanceof Failure && error.shortage !== undefined) this.#unasked();
        else this.#answered(false, error instanceof Error ? error.message : String(error));
      },
    );
  }

  #unasked(): void {
    this.#asking = this.#askAgain = this.#isRepeat = false;
    if (this.#stopped) return;
    this.#unschedule = this.#clock.after(Math.min(UNASKED_RETRY_MS, this.#settings.intervalMs), () =>
      this.#ask(),
    );
    this.#owner.unasked();
  }

  #answered(passed: boolean, why: string | undefined): void {
    this.#asking = false;
    if (this.#stopped) return;
    if (passed) this.#isSilent = false;
    this.#isRepeat = this.#askAgain && passed;
    this.#askAgain = false;
    if (this.#isRepeat) return this.#ask();
    const changed = this.#streak.note(passed);
    // Scheduled first: what the owner hears may make it ask at once.
    this.#unschedule = this.#clock.after(this.#delay(), () => this.#ask());
    this.#owner.checked(passed, this.#streak.healthy, changed, why);
  }

  #delay(): number {
    const jittered = this.#settings.intervalMs * (0.6 + 0.2 * this.#random());
    return this.#streak.undecided || this.#owner.urgent ? Math.min(SOON_MS, jittered) : jittered;
  }
}
