// Roll-ups: a pool's cells added up by tool, by endpoint or altogether, and which endpoints stand out.
import { Sums } from './calls.ts';
import type { Cell, PoolFigures } from './snapshot.ts';

/** The sums of cells by whatever `key` says. */
export function rollUp(cells: readonly Cell[], key: (cell: Cell) => string): Map<string, Sums> {
  const sums = new Map<string, Sums>();
  for (const cell of cells) {
    const name = key(cell);
    let sum = sums.get(name);
    if (sum === undefined) {
      sum = new Sums();
      sums.set(name, sum);
    }
    sum.add(cell.sums);
  }
  return sums;
}

export function byTool(cells: readonly Cell[]): Map<string, Sums> {
  return rollUp(cells, ({ tool }) => tool);
}

export function total(cells: readonly Cell[]): Sums {
  return rollUp(cells, () => '').get('') ?? new Sums();
}

/** An endpoint whose typical time is far above that of the others. Times in ms. */
export interface SlowEndpoint {
  readonly endpoint: string;
  readonly n: number;
  readonly p50Ms: number;
  readonly othersP50Ms: number;
}

/** The fewest answers of an endpoint, and of the others, that its median can be judged by. */
export const MIN_ANSWERS = 30;
const TIMES_SLOWER = 3;
const MS_SLOWER = 50;

/**
 * The endpoints that are slower than their fellows at the same work: compared tool by tool, for one that is only given
 * the slow tools is no slow endpoint.
 */
export function slowEndpoints({ cells }: PoolFigures): SlowEndpoint[] {
  const endpoints = new Set(cells.map(({ endpoint }) => endpoint).filter((name) => name !== ''));
  if (endpoints.size < 2) return [];
  return [...endpoints].flatMap((endpoint) => {
    const own = cells.filter((cell) => cell.endpoint === endpoint);
    const others = cells.filter((cell) => cell.endpoint !== '' && cell.endpoint !== endpoint);
    const othersByTool = byTool(others);
    const shared = own.filter(({ tool }) => (othersByTool.get(tool)?.answered.count ?? 0) >= MIN_ANSWERS);
    const found = shared.flatMap(({ tool, sums }): SlowEndpoint[] => {
      const n = sums.answered.count;
      const p50Ms = sums.answered.quantile(0.5);
      const othersP50Ms = (othersByTool.get(tool) as Sums).answered.quantile(0.5);
      const slow = p50Ms > othersP50Ms * TIMES_SLOWER && p50Ms > othersP50Ms + MS_SLOWER;
      return n >= MIN_ANSWERS && slow ? [{ endpoint, n, p50Ms, othersP50Ms }] : [];
    });
    const worst = found.toSorted((a, b) => b.n - a.n)[0];
    return worst === undefined ? [] : [worst];
  });
}

/** The cells of a pool without those at its slow endpoints, which have a rule of their own. */
export function withoutSlowEndpoints(pool: PoolFigures): Cell[] {
  const slow = new Set(slowEndpoints(pool).map(({ endpoint }) => endpoint));
  return pool.cells.filter(({ endpoint }) => !slow.has(endpoint));
}
