// `npm test`: system packages, checks, every test; the last line is `N passed, N failed, N skipped`.
// Arguments name test files, as vitest takes them; then only those run, without the checks.
import { runChecks } from './checks.ts';
import { ensureSystemPackages } from './system-packages.ts';
import type { Counts } from './test-counter.ts';
import { TestCounter } from './test-counter.ts';

// Before vitest is loaded, which decides about colours once: none where no terminal shows them.
if (!process.stdout.isTTY) process.env['NO_COLOR'] ??= '1';
const { startVitest } = await import('vitest/node');

const filters = process.argv.slice(2);
const total: Counts = { passed: 0, failed: 0, skipped: 0 };

function add(counts: Counts): void {
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
}

async function runTests(): Promise<void> {
  const counter = new TestCounter();
  const vitest = await startVitest('test', filters, {
    watch: false,
    run: true,
    reporters: ['default', counter],
  });
  await vitest.close();
  for (const name of counter.skippedNames) console.log(`skipped ${name}`);
  const { passed, failed, skipped } = counter.counts;
  // A run that found nothing to run is a broken run, not a good one.
  add(passed + failed + skipped === 0 ? { passed: 0, failed: 1, skipped: 0 } : counter.counts);
}

if (filters.length === 0) {
  const missing = ensureSystemPackages().length;
  add(
    process.env['CI'] === 'true'
      ? { passed: 0, failed: missing, skipped: 0 }
      : { passed: 0, failed: 0, skipped: missing },
  );
  const results = await runChecks();
  const passed = results.filter((result) => result.ok).length;
  add({ passed, failed: results.length - passed, skipped: 0 });
}

try {
  await runTests();
} catch (error) {
  console.error(error);
  total.failed += 1;
}

const last = `${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`;
// Exit only once the line is out: a handle that a test forgot must not keep the run alive.
process.stdout.write(last, () => process.exit(total.failed === 0 ? 0 : 1));
