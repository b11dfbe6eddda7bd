/** One line of a benchmark: what every module under bench/ returns from `run()` and `npm run bench` prints and writes. */
export interface BenchRow {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** The peer measured in the same run, with its version; null where there is none. */
  readonly against: string | null;
  /** How many times better than the peer: above 1 is better, whatever the unit. */
  readonly ratio: number | null;
}
