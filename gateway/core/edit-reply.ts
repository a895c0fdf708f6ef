// Edited replies: a reply whose messages a stage may change, whether it is here already, still comes, or is an event stream.
import type { EventEditor } from './edited-stream.ts';
import { EditedStream, readWhole } from './edited-stream.ts';
import type { Exchange } from './exchange.ts';
import type { Refusal } from './refusal.ts';
import type { Reply } from './reply.ts';
import { withBody } from './reply.ts';

/** What becomes of the messages of a reply. */
export interface ReplyEdit {
  /** Edits an answer that is whole: its bytes then, or the refusal that takes its place. */
  whole(bytes: Buffer): Buffer | Refusal;
  /** Makes what edits the events of a stream. */
  events(): EventEditor;
}

/** The reply to `x` with its messages edited; a refusal passes as it is. */
export function editReply(x: Exchange, reply: Reply, edit: ReplyEdit): Reply | Promise<Reply> {
  const { body } = reply;
  if (body === null || reply.refusal !== undefined) return reply;
  const whole = (bytes: Buffer): Reply => {
    const edited = edit.whole(bytes);
    return Buffer.isBuffer(edited) ? withBody(reply, edited) : x.refuse(edited);
  };
  if (body instanceof Uint8Array) return whole(body as Buffer);
  if (reply.sse) return { ...reply, body: new EditedStream(body, edit.events()) };
  return readWhole(body).then((read) => (Buffer.isBuffer(read) ? whole(read) : x.refuse(read)));
}
