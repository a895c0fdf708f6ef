/** "Did you mean": the known word nearest to a misspelt one. */

/** Finds the nearest of the known words, if one is near enough to be meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const wanted = normalised(word);
  const allowed = Math.max(1, Math.floor(wanted.length / 3));
  let best: string | undefined;
  let bestDistance = allowed + 1;
  for (const candidate of known) {
    const distance = editDistance(wanted, normalised(candidate));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Writes the hint for a misspelt word, to be spread into a finding; empty when nothing is near. */
export function didYouMean(word: string, known: readonly string[]): { hint?: string } {
  const found = nearest(word, known);
  return found === undefined ? {} : { hint: `did you mean ${found}?` };
}

function normalised(word: string): string {
  return word.toLowerCase().replaceAll(/[-_\s]/g, '');
}

/** Counts insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function editDistance(left: string, right: string): number {
  // A word much longer than every known one is no misspelling, and the table below is quadratic.
  if (Math.abs(left.length - right.length) > 8) return Number.POSITIVE_INFINITY;
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const change = left[i - 1] === right[j - 1] ? 0 : 1;
      let cost = Math.min(cell(row, j - 1) + 1, cell(last, j) + 1, cell(last, j - 1) + change);
      const swapped = left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
      if (i > 1 && j > 1 && swapped) cost = Math.min(cost, cell(beforeLast, j - 2) + 1);
      row.push(cost);
    }
    [beforeLast, last] = [last, row];
  }
  return cell(last, right.length);
}

function cell(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
