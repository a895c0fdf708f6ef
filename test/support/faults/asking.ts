// Calls a fault of a scripted upstream by name, as its own tests do.
import { connect } from 'node:net';
import { type RawAnswer, rawCall } from '../clients.ts';
import { modernRequest } from '../message.ts';

/** Calls the tool named as the fault; the request's id is 7. */
export function callFault(
  url: string,
  fault: string,
  args: Record<string, unknown> = {},
): Promise<RawAnswer> {
  const { body, headers } = modernRequest('tools/call', { name: fault, arguments: args }, 7);
  return rawCall(url, body, headers);
}

/** The bytes a fault sends, until they are `enough`, for what an HTTP client would hide. */
export function bytesOfFault(url: string, fault: string, enough: (text: string) => boolean): Promise<string> {
  const { body, headers } = modernRequest('tools/call', { name: fault, arguments: {} });
  const bytes = JSON.stringify(body);
  const lines = Object.entries({ host: 'x', ...headers, 'content-length': bytes.length });
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (enough(text)) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    socket.write(
      `POST /mcp HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    );
    socket.write(bytes);
  });
}
