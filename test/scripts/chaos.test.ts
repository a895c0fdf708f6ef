// Runs the chaos suite's short form on real processes and holds it to what does not depend on the machine's speed.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FiguresDocument } from './figures-document.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'scripts', 'chaos', 'main.ts');
const LIMIT_MS = 90_000;

const Document = FiguresDocument.extend({ failures: z.array(z.string()) });

/** Runs one case with the gateway only; returns its figures by metric. */
async function chaos(name: string): Promise<Map<string, number>> {
  const args = [MAIN, '--case', name, '--subject', 'gateway', '--quick', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: LIMIT_MS });
  const { results, failures } = Document.parse(JSON.parse(stdout));
  expect(failures).toEqual([]);
  expect(results.every((row) => row.case === name && row.subject === 'gateway')).toBe(true);
  return new Map(results.map(({ metric, value }) => [metric, value]));
}

describe.runIf(process.platform === 'linux')('the chaos suite', () => {
  it(
    'kills an upstream, and no safe call fails',
    async () => {
      const figures = await chaos('kill');
      expect(figures.get('calls')).toBeGreaterThan(100);
      expect(figures.get('safe_failed')).toBe(0);
      expect(figures.get('failed_started_later')).toBeLessThanOrEqual(1);
      expect(figures.get('failed_after_return')).toBe(0);
    },
    LIMIT_MS,
  );

  it(
    'stops an upstream, which leaves the rotation and comes back',
    async () => {
      const figures = await chaos('stop');
      for (const metric of [
        'out_of_rotation_after',
        'out_of_rotation_idle',
        'back_under_load',
        'back_without_traffic',
      ]) {
        expect(figures.get(metric)).toBeLessThan(Number.POSITIVE_INFINITY);
      }
    },
    LIMIT_MS,
  );

  it(
    'lets an upstream answer 500 at once, and few calls meet it',
    async () => {
      const figures = await chaos('black_hole');
      expect(figures.get('failed_all')).toBeLessThan(30);
      expect(figures.get('failed_calls')).toBeLessThan(30);
    },
    LIMIT_MS,
  );

  it(
    'lets everything fail, and retries neither amplify nor repeat what is unsafe',
    async () => {
      const figures = await chaos('amplification');
      const allowed = 1.2 * (figures.get('calls_all_503') ?? 0) + 3;
      expect(figures.get('attempts_all_503')).toBeLessThanOrEqual(allowed);
      expect(figures.get('unsafe_calls_received_twice')).toBe(0);
      expect(figures.get('foreign_answers')).toBe(0);
    },
    LIMIT_MS,
  );

  it(
    'ends the gateway under load, and no call that was begun before fails',
    async () => {
      const figures = await chaos('drain');
      for (const delay of ['delay_2000ms', 'delay_0ms']) {
        expect(figures.get(`${delay}_failed_begun_before`)).toBe(0);
        expect(figures.get(`${delay}_exit_code`)).toBe(0);
      }
    },
    LIMIT_MS,
  );

  it(
    'has clients with equal ids hang up and be broken off, and no byte reaches another',
    async () => {
      const figures = await chaos('cross_client');
      expect(figures.get('ok')).toBeGreaterThan(4000);
      expect(figures.get('retries')).toBeGreaterThan(0);
      expect([figures.get('foreign'), figures.get('stray_bytes')]).toEqual([0, 0]);
    },
    LIMIT_MS,
  );
});
