// Chance for tests: numbers as it gives them, the same ones in each run.

/** A fair generator of numbers from 0 to 1 (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Numbers from 0 to `keys`, the n-th as likely as 1/n to the power of `skew` (Zipf). */
export function zipf(keys: number, random: () => number, skew = 1): () => number {
  const sums: number[] = [];
  for (let i = 1; i <= keys; i++) sums.push((sums.at(-1) ?? 0) + i ** -skew);
  const total = sums.at(-1) as number;
  return () => {
    const wanted = random() * total;
    let low = 0;
    for (let high = keys - 1; low < high; ) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) >= wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
