/** A mistake in gateway.yaml, first as found (by path), then as reported (by line and column). */

export type Path = readonly (string | number)[];

/** A mistake and where it is in the data; `at: 'key'` means the key itself is wrong, not its value. */
export interface Finding {
  path: Path;
  message: string;
  hint?: string;
  at?: 'key' | 'value';
  /** The path whose key to point at when the mistake's own path is not in the file. */
  near?: Path;
  /** What is wrong is a certificate's file and not this one: it matters to whoever serves with it. */
  ofCertificate?: true;
  /** The character offset, for mistakes of syntax, which have no path. */
  offset?: number;
}

/** A mistake as reported; `line` and `column` count from 1, `path` is `yaml` for mistakes of syntax. */
export interface Problem {
  file: string;
  line: number;
  column: number;
  path: string;
  message: string;
  hint?: string;
}

/** Writes a path the way people do: `pools[0].endpoints[1].url`. */
export function formatPath(path: Path): string {
  let written = '';
  for (const step of path) {
    if (typeof step === 'number') written += `[${step}]`;
    else if (/^[A-Za-z0-9_-]+$/.test(step)) written += written === '' ? step : `.${step}`;
    else written += `[${JSON.stringify(step)}]`;
  }
  return written;
}

/** Writes a problem as `FILE:LINE:COL PATH: message (hint)`. */
export function formatProblem(problem: Problem): string {
  const { file, line, column, path, message, hint } = problem;
  return `${file}:${line}:${column} ${path}: ${message}${hint === undefined ? '' : ` (${hint})`}`;
}

/** Writes the line a problem is on with a caret below it, or nothing when there is no such line. */
export function codeFrame(text: string, problem: Problem): string {
  const source = text.split(/\r?\n/)[problem.line - 1];
  if (source === undefined || source === '') return '';
  const number = String(problem.line);
  const indent = source.slice(0, problem.column - 1).replace(/[^\t]/g, ' ');
  return `  ${number} | ${source}\n  ${' '.repeat(number.length)} | ${indent}^`;
}
