// The human's view of the results: one table for each case and concurrency.
import type { Goal, Metric, Result } from './bench-case.ts';

type Rows = readonly Result[];

interface Column {
  title: string;
  read(rows: Rows): string | undefined;
}

const CPU: readonly Metric[] = ['cpu_us_per_request', 'cpu_us_per_event'];

const COLUMNS: readonly Column[] = [
  { title: 'req/s', read: (rows) => whole(rows, 'requests_per_second') },
  { title: 'events/s', read: (rows) => whole(rows, 'events_per_second') },
  { title: 'p50 us', read: (rows) => whole(rows, 'p50_us') },
  { title: 'p99 us', read: (rows) => whole(rows, 'p99_us') },
  { title: 'CPU us/req', read: (rows) => find(rows, 'cpu_us_per_request')?.value.toFixed(1) },
  { title: 'CPU us/event', read: (rows) => find(rows, 'cpu_us_per_event')?.value.toFixed(1) },
  ...['node_floor', 'nginx', 'direct', 'gateway'].map((baseline) => ({
    title: `CPU x ${baseline}`,
    read: (rows: Rows) =>
      rows.find((row) => CPU.includes(row.metric) && row.ratio_to === baseline)?.ratio?.toFixed(2),
  })),
  {
    title: 'req/s x round_robin',
    read: (rows) =>
      rows
        .find((row) => row.metric === 'requests_per_second' && row.ratio_to === 'gateway_round_robin')
        ?.ratio?.toFixed(2),
  },
  { title: 'slow share', read: (rows) => percent(find(rows, 'slow_replica_share')?.value) },
  { title: 'RSS MB', read: (rows) => megabytes(find(rows, 'rss_bytes')?.value) },
];

/** Renders the rows as aligned text; columns that nobody has are left out. */
export function toTable(results: Rows): string {
  const groups = Map.groupBy(results, (row) => `${row.case}, c=${row.concurrency ?? '-'}`);
  return [...groups].map(([title, rows]) => `${title}\n${groupTable(rows)}`).join('\n\n');
}

/** One line a goal. */
export function toGoalLines(goals: readonly Goal[]): string {
  return goals.map(({ text, met }) => `${met ? 'met    ' : 'NOT MET'} ${text}`).join('\n');
}

function groupTable(rows: Rows): string {
  const subjects = [...Map.groupBy(rows, (row) => row.subject)];
  const columns = COLUMNS.filter(({ read }) => subjects.some(([, own]) => read(own) !== undefined));
  const lines = [
    ['subject', ...columns.map(({ title }) => title)],
    ...subjects.map(([subject, own]) => [subject, ...columns.map(({ read }) => read(own) ?? '')]),
  ];
  const widths = (lines[0] ?? []).map((_, index) =>
    Math.max(...lines.map((line) => line[index]?.length ?? 0)),
  );
  return lines
    .map((line) =>
      line
        .map((cell, index) => pad(cell, widths[index] ?? 0, index))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function pad(cell: string, width: number, index: number): string {
  return index === 0 ? cell.padEnd(width) : cell.padStart(width);
}

function find(rows: Rows, metric: Metric): Result | undefined {
  return rows.find((row) => row.metric === metric);
}

function whole(rows: Rows, metric: Metric): string | undefined {
  const value = find(rows, metric)?.value;
  return value === undefined ? undefined : Math.round(value).toLocaleString('en-US');
}

function percent(share: number | undefined): string | undefined {
  return share === undefined ? undefined : `${(share * 100).toFixed(1)} %`;
}

function megabytes(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : (bytes / 2 ** 20).toFixed(0);
}
