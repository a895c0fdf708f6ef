// Instruments: counters, histograms and readings, kept in typed arrays so that recording costs nanoseconds.
import {
  type CounterName,
  type GaugeName,
  type HistogramName,
  type MetricName,
  metrics,
} from './metric-names.ts';

/** Attributes of one series. */
export type Labels = Readonly<Record<string, string | number>>;

/** Values read when somebody collects the metrics. */
export type Reading = () => Iterable<readonly [labels: Labels, value: number]>;

/** Series that one instrument may have; whatever comes after shares one (OpenTelemetry metrics SDK, "Cardinality limits"). */
const MAX_SERIES = 2000;
const overflow: Labels = { 'otel.metric.overflow': 'true' };

/** One series of a counter; `add` allocates nothing. */
export class CounterSeries {
  readonly labels: Labels;
  readonly #total = new Float64Array(1);

  constructor(labels: Labels) {
    this.labels = labels;
  }

  add(n = 1): void {
    (this.#total[0] as number) += n;
  }

  get value(): number {
    return this.#total[0] as number;
  }
}

/** One series of a histogram; `record` allocates nothing. */
export class HistogramSeries {
  readonly labels: Labels;
  readonly #bounds: readonly number[];
  /** Observations by bucket, the last one without an upper bound, and after that the sum of all values. */
  readonly #cells: Float64Array;

  constructor(labels: Labels, bounds: readonly number[]) {
    this.labels = labels;
    this.#bounds = bounds;
    this.#cells = new Float64Array(bounds.length + 2);
  }

  record(value: number): void {
    const bounds = this.#bounds;
    const cells = this.#cells;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
    (cells[bucket] as number)++;
    (cells[bounds.length + 1] as number) += value;
  }

  /** Observations by bucket, not cumulated. */
  get counts(): number[] {
    return Array.from(this.#cells.subarray(0, -1));
  }

  get sum(): number {
    return this.#cells[this.#bounds.length + 1] as number;
  }
}

/** All series of one name, capped. */
export class Instrument<Series> {
  readonly name: MetricName;
  readonly #make: (labels: Labels) => Series;
  readonly #max: number;
  readonly #series = new Map<string, Series>();
  #overflow: Series | undefined;

  constructor(name: MetricName, make: (labels: Labels) => Series, max = MAX_SERIES) {
    this.name = name;
    this.#make = make;
    this.#max = max;
  }

  /** The series of these labels, which always come in the same order. Ask once and keep it: the look-up is slow. */
  series(labels: Labels): Series {
    const key = JSON.stringify(labels);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    if (this.#series.size >= this.#max) {
      this.#overflow ??= this.#make(overflow);
      return this.#overflow;
    }
    const made = this.#make(labels);
    this.#series.set(key, made);
    return made;
  }

  all(): Series[] {
    const all = [...this.#series.values()];
    return this.#overflow === undefined ? all : [...all, this.#overflow];
  }
}

export type Counter = Instrument<CounterSeries>;
export type Histogram = Instrument<HistogramSeries>;

/** The instruments of one process. */
export class Instruments {
  readonly counters = new Map<CounterName, Counter>();
  readonly histograms = new Map<HistogramName, Histogram>();
  readonly readings = new Map<GaugeName | CounterName, Reading>();

  counter(name: CounterName): Counter {
    const known = this.counters.get(name);
    if (known !== undefined) return known;
    const made = new Instrument(name, (labels) => new CounterSeries(labels));
    this.counters.set(name, made);
    return made;
  }

  histogram(name: HistogramName): Histogram {
    const known = this.histograms.get(name);
    if (known !== undefined) return known;
    const { buckets } = metrics[name];
    const made = new Instrument(name, (labels) => new HistogramSeries(labels, buckets));
    this.histograms.set(name, made);
    return made;
  }

  /** Has values read on collection; a second reading of the same name takes the first one's place. */
  read(name: GaugeName | CounterName, reading: Reading): void {
    this.readings.set(name, reading);
  }
}
