// Diagnoses: what `doctor` says of one thing that it has looked at.

export interface Diagnosis {
  /** Such as `node`, `redis` or `search http://10.0.1.10:8000/mcp`. */
  readonly subject: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  /** What to do. */
  readonly hint?: string;
}

export function ok(subject: string, detail: string): Diagnosis {
  return { subject, status: 'ok', detail };
}

export function warn(subject: string, detail: string, hint: string): Diagnosis {
  return { subject, status: 'warn', detail, hint };
}

export function fail(subject: string, detail: string, hint: string): Diagnosis {
  return { subject, status: 'fail', detail, hint };
}
