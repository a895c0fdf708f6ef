// Which era a request is of: the body decides, headers only confirm.

import type { Envelope } from '../envelope.ts';
import { ErrorCode } from '../error-codes.ts';
import type { Inbound } from '../inbound.ts';
import { Revision } from '../revisions.ts';
import type { Era, EraFault } from './era.ts';
import { legacy } from './legacy.ts';
import { modern } from './modern.ts';

const isoDate = /^\d{4}-\d{2}-\d{2}$/;

/** The era of a request, or its fault where body and headers claim different eras. */
export function classify(inbound: Inbound, envelope: Envelope): Era | EraFault {
  if (envelope.claimed) return modern;
  if (envelope.items.some((item) => item.claimed)) {
    return { code: ErrorCode.invalidRequest, message: 'Requests of this protocol version cannot be batched' };
  }
  const version = inbound.protocolVersion;
  if (version === undefined || !isoDate.test(version) || version < Revision.stateless) return legacy;
  if (envelope.kind === 'request' || envelope.kind === 'batch') {
    return {
      code: ErrorCode.invalidParams,
      message: `A request of ${version} needs its protocol version in "_meta"`,
    };
  }
  // Only requests must carry `_meta`; a notification belongs where its header says.
  return envelope.kind === 'notification' ? modern : legacy;
}

export function isFault(verdict: Era | EraFault): verdict is EraFault {
  return 'code' in verdict;
}
