/** Validates the data of gateway.yaml: its shape, the rules across fields, and what is supported. */
import { checkAcrossFields } from './check.ts';
import { coerceInterpolated } from './coerce.ts';
import { toFindings } from './issues.ts';
import type { Finding } from './problem.ts';
import { formatPath } from './problem.ts';
import type { Config } from './schema.ts';
import { configSchema } from './schema.ts';
import { findUnsupported } from './unsupported.ts';

/** Validates data whose variables and secret files are in; `dir` is where its paths are relative to, `earlier` are findings already made. */
export function validate(
  data: Record<string, unknown>,
  {
    interpolated,
    dir,
    earlier,
  }: { interpolated: ReadonlySet<string>; dir: string; earlier: readonly Finding[] },
): { config?: Config; findings: Finding[] } {
  let result = configSchema.safeParse(data, { reportInput: true });
  if (!result.success && coerceInterpolated(data, result.error.issues, interpolated)) {
    result = configSchema.safeParse(data, { reportInput: true });
  }
  // A value that could not be read is wrong for the schema too, which is no news.
  const unread = earlier.filter((finding) => finding.offset === undefined);
  const known = new Set(unread.map((finding) => formatPath(finding.path)));
  const shape = result.success ? [] : result.error.issues.flatMap(toFindings);
  const findings = [...shape, ...checkAcrossFields(data, dir), ...findUnsupported(data)];
  return {
    ...(result.success && { config: result.data }),
    findings: findings.filter((finding) => !known.has(formatPath(finding.path))),
  };
}
