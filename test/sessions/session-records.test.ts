// Session records: what is remembered of a session is forgotten with it.
import { expect, it } from 'vitest';
import { SessionRecords } from '../../gateway/sessions/session-records.ts';
import { BORN, session } from './make-session.ts';

it('the record of a session that has ended holds nothing', async () => {
  const records = new SessionRecords(() => BORN);
  const [ended, other] = [
    { ...session, nonce: 'ended' },
    { ...session, nonce: 'other' },
  ];
  for (const one of [ended, other]) await records.opened(one);
  records.forget(ended);
  expect(records.size).toBe(1);
});
