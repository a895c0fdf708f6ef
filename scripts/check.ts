// `npm run check`: types, lint and drift of the generated files; all of them run, exit code 1 when one fails.
import { runChecks } from './checks.ts';

const results = await runChecks();
const failed = results.filter((result) => !result.ok).map((result) => result.name);
console.log(
  failed.length === 0
    ? `${results.length} checks passed`
    : `${failed.length} of ${results.length} checks failed: ${failed.join(', ')}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
