// Histograms: durations by logarithmic buckets, so that quantiles cost the same however many calls there were.

/** Buckets for each doubling: a quantile is known to about 4 %. */
const PER_OCTAVE = 8;
/** The finest duration told from zero, in ms. */
const FINEST_MS = 1 / 16;
const BUCKETS = 26 * PER_OCTAVE;

/** Counts durations in ms. */
export class Histogram {
  count = 0;
  readonly #buckets = new Uint32Array(BUCKETS);
  /** The buckets in use: most histograms use few. */
  #lowest = BUCKETS;
  #highest = -1;

  record(ms: number): void {
    this.count++;
    const bucket = bucketOf(ms);
    (this.#buckets[bucket] as number)++;
    if (bucket < this.#lowest) this.#lowest = bucket;
    if (bucket > this.#highest) this.#highest = bucket;
  }

  add(other: Histogram): void {
    this.count += other.count;
    for (let i = other.#lowest; i <= other.#highest; i++) {
      (this.#buckets[i] as number) += other.#buckets[i] as number;
    }
    this.#lowest = Math.min(this.#lowest, other.#lowest);
    this.#highest = Math.max(this.#highest, other.#highest);
  }

  /** The duration in ms that a share `q` of the calls stays within; 0 without calls. */
  quantile(q: number): number {
    const rank = q * this.count;
    let below = 0;
    for (let i = this.#lowest; i <= this.#highest; i++) {
      const here = this.#buckets[i] as number;
      if (here > 0 && below + here >= rank) return boundary(i) * (1 + (rank - below) / here / PER_OCTAVE);
      below += here;
    }
    return 0;
  }
}

function bucketOf(ms: number): number {
  if (!(ms > FINEST_MS)) return 0;
  return Math.min(BUCKETS - 1, Math.floor(Math.log2(ms / FINEST_MS) * PER_OCTAVE));
}

/** The smallest duration of a bucket, in ms. */
function boundary(bucket: number): number {
  return FINEST_MS * 2 ** (bucket / PER_OCTAVE);
}
