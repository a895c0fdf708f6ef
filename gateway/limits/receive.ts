// Receive: reads the body within its bounds, peeks the envelope and settles the era; what is not MCP ends here.
import type { BodyMeter, Exchange } from '../core/exchange.ts';
import type { Refusal } from '../core/refusal.ts';
import { refusal } from '../core/refusal.ts';
import type { Reply } from '../core/reply.ts';
import type { Handler, Stage } from '../core/stage.ts';
import { noEnvelope } from '../mcp/envelope.ts';
import { readEnvelope } from '../mcp/envelope-reader.ts';
import { classify, isFault } from '../mcp/eras/classify.ts';
import type { EraFault } from '../mcp/eras/era.ts';

/** The media type of every message; its parameters are of no consequence (RFC 8259 §11). */
const json = /^application\/json[ \t]*(;|$)/i;

/** The stage. GET and DELETE have no body and belong to the sessionful era, in which exchanges begin. */
export function receive(meter: BodyMeter): Stage {
  return (next) => (x) => {
    const { repeated, method, contentType } = x.inbound;
    if (repeated !== undefined) {
      return Promise.resolve(
        x.refuse(refusal('bad_request', { message: `The header ${repeated} came twice` })),
      );
    }
    if (method !== 'POST') {
      x.stream = method === 'GET';
      return next(x);
    }
    // Without one the server decides.
    if (contentType !== undefined && !json.test(contentType)) {
      return Promise.resolve(x.refuse(refusal('unsupported_media_type')));
    }
    return x.readBody(meter).then((body) => open(x, body, next));
  };
}

function open(x: Exchange, body: Buffer | Refusal, next: Handler): Reply | Promise<Reply> {
  if (!Buffer.isBuffer(body)) return x.refuse(body);
  const envelope = readEnvelope(body);
  if ('problem' in envelope) {
    const { problem, code, id } = envelope;
    x.envelope = { ...noEnvelope, id };
    return x.refuse(refusal('bad_request', { message: problem, code }));
  }
  x.body = body;
  x.envelope = envelope;
  const verdict = classify(x.inbound, envelope);
  if (isFault(verdict)) return x.refuse(faulty(verdict));
  x.era = verdict;
  const fault = verdict.check(x.inbound, envelope);
  if (fault !== undefined) return x.refuse(faulty(fault));
  x.stream = verdict.isStream(envelope.method);
  return next(x);
}

function faulty({ code, message }: EraFault): Refusal {
  return refusal('bad_request', { code, message });
}
