// Documents: what anybody may read over the public listener, as JSON.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { preflightHeaders } from './access.ts';
import { header } from './lean-request.ts';

/** A document that pages of any origin may read before they have a credential: it says how to get one. */
export function answerDocument(req: IncomingMessage, res: ServerResponse, document: string): void {
  if (req.method === 'OPTIONS') {
    res.writeHead(204, preflightHeaders('*', header(req, 'access-control-request-headers'))).end();
    return;
  }
  res.writeHead(200, { 'content-type': 'application/json', 'access-control-allow-origin': '*' });
  res.end(req.method === 'HEAD' ? undefined : document);
}
