// Messages about calls: what a client sends because of a call that is under way belongs where that call runs.
import type { Exchange } from '../core/exchange.ts';
import type { Session } from '../core/session.ts';
import type { Envelope } from '../mcp/envelope.ts';
import { Method } from '../mcp/methods.ts';
import { isSame } from './session-places.ts';

/** A call that has been sent, with where to. */
type SentCall = Exchange & { readonly session: Session };

/** Whether a message is an answer to a server, or a notice that says something only to the server of a call. */
export function isAboutCalls({ kind, method, items }: Envelope): boolean {
  if (kind === 'batch') return items.every(isAboutCalls);
  return kind === 'response' || method === Method.cancelled || method === Method.progress;
}

/**
 * The call, of those in flight in the session, at whose place `envelope` is to be heard. A cancellation names its call. What
 * else is about calls goes by the server's ids, which say nothing here: it is for the place of the calls that have asked the
 * client something, where they all run at one. Undefined where the place is not known; then the session's own is right: its streams, too, may have carried what the
 * client answers, and they are ended when it moves.
 */
export function callMeant(envelope: Envelope, calls: readonly Exchange[]): SentCall | undefined {
  if (calls.length === 0 || !isAboutCalls(envelope)) return undefined;
  const named = (envelope.kind === 'batch' ? envelope.items : [envelope]).flatMap(
    ({ requestId }) => requestId ?? [],
  );
  const meant = calls.filter(
    (call): call is SentCall =>
      call.session !== undefined &&
      call.running?.isUnderWay === true &&
      (named.length === 0 ? call.hasAsked : idsOf(call).some((id) => named.includes(id))),
  );
  const [first] = meant;
  return first !== undefined && meant.every((call) => isAtOne(call, first)) ? first : undefined;
}

function idsOf({ envelope: { kind, id, items } }: Exchange): string[] {
  return (kind === 'batch' ? items.map((item) => item.id) : [id]).filter((one) => one !== undefined);
}

/** Where sessions are not pinned, all calls of one have its place, and only their endpoints tell them apart. */
function isAtOne(one: SentCall, other: SentCall): boolean {
  return one.endpoint === other.endpoint && isSame(one.session, other.session);
}
