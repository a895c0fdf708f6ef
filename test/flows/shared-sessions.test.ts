// Two gateways that share a key serve the same sessions, whichever of them is asked and whatever becomes of one.
import { expect, it } from 'vitest';
import { kept, shareSessions } from '../../scripts/show/sessions.ts';

it('sessions go on at their replicas through either gateway while one is killed and started again', async () => {
  const seen = await shareSessions(50);
  expect(seen).toMatchObject({ sessions: 50, misrouted: 0, failed: 0 });
  expect(kept(seen)).toBe(true);
}, 60_000);
