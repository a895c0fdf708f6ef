// Session records: what is remembered of a session is forgotten with it.
import { expect, it } from 'vitest';
import { SessionRecords } from '../../gateway/sessions/session-records.ts';
import { BORN, session } from './make-session.ts';

it('the record of a session that has ended holds nothing, wherever the session had moved', async () => {
  const records = new SessionRecords(() => BORN);
  const [ended, other] = [
    { ...session, nonce: 'ended' },
    { ...session, nonce: 'other' },
  ];
  for (const one of [ended, other]) {
    await records.opened(one);
    await records.move(one, { endpointId: 'e2', upstreamId: 'u2' });
  }
  records.forget(ended);
  expect(records.size).toBe(1);
  expect(records.where(ended)).toBe(ended);
  expect(records.where(other).endpointId).toBe('e2');
});
