// How vitest runs the tests: one process per file, two at a time, since many of them start processes of their own.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    // What passing tests log is not news; a failing test's output is shown.
    silent: 'passed-only',
    // A machine busy with other tests may take this long for what takes milliseconds.
    expect: { requireAssertions: true, poll: { timeout: 5000 } },
  },
});
