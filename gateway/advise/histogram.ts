// Histograms: durations by logarithmic buckets, so that quantiles cost the same however many calls there were.

/** Buckets for each doubling: a quantile is known to about 4 %. */
const PER_OCTAVE = 8;
/** The finest duration told from zero, in ms. */
const FINEST_MS = 1 / 16;
const BUCKETS = 26 * PER_OCTAVE;

/** Counts durations in ms. A ledger holds many of them for each minute: each has room for the buckets it uses only. */
export class Histogram {
  count = 0;
  /** The bucket that the first of the counts is of. */
  #lowest = 0;
  readonly #counts: number[] = [];

  record(ms: number): void {
    this.count++;
    this.#raise(bucketOf(ms), 1);
  }

  add(other: Histogram): void {
    this.count += other.count;
    const counts = other.#counts;
    for (let i = 0; i < counts.length; i++) this.#raise(other.#lowest + i, counts[i] as number);
  }

  /** The duration in ms that a share `q` of the calls stays within; 0 without calls. */
  quantile(q: number): number {
    const rank = q * this.count;
    let below = 0;
    for (let i = 0; i < this.#counts.length; i++) {
      const here = this.#counts[i] as number;
      if (here > 0 && below + here >= rank) {
        return boundary(this.#lowest + i) * (1 + (rank - below) / here / PER_OCTAVE);
      }
      below += here;
    }
    return 0;
  }

  #raise(bucket: number, by: number): void {
    const counts = this.#counts;
    if (counts.length === 0) this.#lowest = bucket;
    for (; bucket < this.#lowest; this.#lowest--) counts.unshift(0);
    const at = bucket - this.#lowest;
    while (at >= counts.length) counts.push(0);
    (counts[at] as number) += by;
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
