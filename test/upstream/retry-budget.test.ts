// The retry budget: retries stay a small share of the requests, however they come.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../gateway/core/failure.ts';
import { Retries } from '../../gateway/upstream/retry.ts';
import { RetryBudget } from '../../gateway/upstream/retry-budget.ts';
import { RetryCredit } from '../../gateway/upstream/retry-credit.ts';

describe('the retry budget', () => {
  it('gives three retries to whoever makes few requests, and again after ten seconds', () => {
    const budget = new RetryBudget(20);
    budget.requested(0);
    expect([0, 1, 2, 3].map((now) => budget.take(now))).toEqual([true, true, true, false]);
    expect(budget.take(9000)).toBe(false);
    expect(budget.take(10_500)).toBe(true);
  });

  it('gives a fifth of the requests of the last ten seconds at once', () => {
    const budget = new RetryBudget(20);
    for (let i = 0; i < 100; i++) budget.requested(i * 50);
    const taken = Array.from({ length: 40 }, () => budget.take(5000)).filter(Boolean).length;
    expect(taken).toBe(20);
  });

  it('gives none at 0 percent', () => {
    const budget = new RetryBudget(0);
    budget.requested(0);
    expect(budget.take(0)).toBe(false);
  });

  it('never gives more than a fifth of the requests or three in any ten seconds', () => {
    const step = fc.tuple(fc.nat(800), fc.boolean());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const budget = new RetryBudget(20);
        const requests: number[] = [];
        const retries: number[] = [];
        let now = 0;
        for (const [passed, isRequest] of steps) {
          now += passed;
          const recent = (times: number[]) => times.filter((time) => time > now - 9000).length;
          const possible = (times: number[]) => times.filter((time) => time > now - 10_000).length;
          if (isRequest) {
            budget.requested(now);
            requests.push(now);
          } else if (budget.take(now)) {
            retries.push(now);
            expect(recent(retries)).toBeLessThanOrEqual(Math.max(3, 0.2 * possible(requests)));
          }
        }
      }),
    );
  });
});

describe('retry credit', () => {
  it('keeps attempts within 1.2 times the calls and three while every retry fails', () => {
    const budget = new RetryBudget(20);
    const credit = new RetryCredit(0.2);
    // A good time before leaves the budget full.
    for (let i = 0; i < 5000; i++) {
      budget.requested(i);
      credit.requested();
    }
    let attempts = 0;
    for (let call = 0; call < 1000; call++) {
      const now = 5000 + call;
      budget.requested(now);
      credit.requested();
      attempts++;
      if (!credit.allows || !budget.take(now)) continue;
      credit.began();
      attempts++;
      credit.ended(false);
    }
    expect(attempts).toBeLessThanOrEqual(1.2 * 1000 + 3);
  });

  it('lets the many calls of a dying endpoint be made again at once', () => {
    const credit = new RetryCredit(0.2);
    for (let i = 0; i < 60; i++) {
      expect(credit.allows).toBe(true);
      credit.began();
    }
    for (let i = 0; i < 60; i++) credit.ended(true);
    expect(credit.allows).toBe(true);
  });

  it('trusts retries again once one has helped', () => {
    const credit = new RetryCredit(0.2);
    for (let i = 0; i < 4; i++) {
      credit.began();
      credit.ended(false);
    }
    expect(credit.allows).toBe(false);
    credit.began();
    credit.ended(true);
    expect(credit.allows).toBe(true);
  });
});

describe('the retries of a pool', () => {
  it('are not held against it where nothing had been sent', () => {
    const retries = new Retries({ attempts: 2, budgetPercent: 20, isSafeTool: () => true, count: () => {} });
    const refused = new Failure('connect', false, 'refused', { refused: true });
    for (let i = 0; i < 100; i++) {
      retries.requested(1000);
      expect(retries.spend(refused, 1000)).toBe(true);
    }
    const broke = new Failure('reset', true, 'broke');
    expect(retries.spend(broke, 1000)).toBe(true);
    retries.ended(broke);
    expect(retries.spend(broke, 1000)).toBe(true);
  });

  it('are not held against it where nobody waited for their end', () => {
    const retries = new Retries({ attempts: 2, budgetPercent: 20, isSafeTool: () => true, count: () => {} });
    const broke = new Failure('reset', true, 'broke');
    for (let i = 0; i < 100; i++) retries.requested(1000);
    for (let i = 0; i < 20; i++) {
      expect(retries.spend(broke, 1000)).toBe(true);
      retries.ended('abandoned');
    }
  });
});
