// Sends one call through a subject and reads the answer: to open sessions, and to prove that a subject works.
import type { Call } from './calls.ts';

const PROOF_TIMEOUT_MS = 15_000;

export interface Answer {
  status: number;
  session: string | undefined;
  body: string;
}

/** Posts a call to /mcp on a local port. */
export async function post(port: number, call: Call): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}/mcp`, {
    method: 'POST',
    headers: call.headers,
    body: call.body,
    signal: AbortSignal.timeout(5_000),
  });
  return {
    status: response.status,
    session: response.headers.get('mcp-session-id') ?? undefined,
    body: await response.text(),
  };
}

/** Returns the call's answer once it is a 200; a subject may need a moment after it listens. */
export async function waitUntilServed(port: number, call: Call): Promise<Answer> {
  const deadline = Date.now() + PROOF_TIMEOUT_MS;
  for (;;) {
    const answer = await post(port, call).catch(
      (error: unknown): Answer => ({ status: 0, session: undefined, body: String(error) }),
    );
    if (answer.status === 200) return answer;
    if (Date.now() > deadline) {
      throw new Error(`a first call was not answered: ${answer.status} ${answer.body.slice(0, 300)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Throws unless a tools/call with id 1 is answered by a tool result with that id. */
export async function proveCall(port: number, call: Call): Promise<void> {
  const { body } = await waitUntilServed(port, call);
  const message = JSON.parse(body) as { id?: unknown; result?: { content?: unknown } };
  if (message.id !== 1 || !Array.isArray(message.result?.content)) {
    throw new Error(`a first call was answered wrongly: ${body.slice(0, 300)}`);
  }
}
