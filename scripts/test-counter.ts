// Counts a vitest run the way `npm test` reports it: a file that cannot be loaded and an error outside tests fail too.
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

/** How many tests passed, failed and were skipped. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** A vitest reporter that prints nothing; `counts` is filled when the run has ended. */
export class TestCounter implements Reporter {
  readonly counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  readonly skippedNames: string[] = [];

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    for (const module of modules) this.#count(module);
    this.counts.failed += unhandledErrors.length;
  }

  #count(module: TestModule): void {
    let failed = module.errors().length;
    for (const suite of module.children.allSuites()) failed += suite.errors().length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') this.counts.passed += 1;
      else if (state === 'failed') failed += 1;
      else {
        this.counts.skipped += 1;
        this.skippedNames.push(`${module.relativeModuleId}: ${test.fullName}`);
      }
    }
    this.counts.failed += failed === 0 && module.state() === 'failed' ? 1 : failed;
  }
}
