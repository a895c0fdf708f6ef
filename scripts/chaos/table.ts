// The human's view of a chaos run: one table for each case, a line for each metric, a column for each subject.
import type { Goal, Result } from './chaos-case.ts';

/** Renders the rows and the goals as aligned text. */
export function toTable(results: readonly Result[], goals: readonly Goal[]): string {
  const tables = [...Map.groupBy(results, (row) => row.case)].map(([name, rows]) => caseTable(name, rows));
  return [...tables, goals.map(({ text, met }) => `${met ? 'met    ' : 'NOT MET'} ${text}`).join('\n')].join(
    '\n\n',
  );
}

function caseTable(name: string, rows: readonly Result[]): string {
  const subjects = [...new Set(rows.map((row) => row.subject))];
  const metrics = [...Map.groupBy(rows, (row) => `${row.metric} (${row.unit})`)];
  const lines = [
    [name, ...subjects],
    ...metrics.map(([metric, own]) => [
      metric,
      ...subjects.map((subject) => String(own.find((row) => row.subject === subject)?.value ?? '')),
    ]),
  ];
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
}
