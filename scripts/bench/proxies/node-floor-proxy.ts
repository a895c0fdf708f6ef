// The floor: a pass-through proxy without any policy, written the cheapest way known for node:http and undici.
// Run as a child: its one argument is JSON, `{ port, upstreamPorts }`.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Dispatcher } from 'undici';
import { Pool } from 'undici';

interface Upstream {
  pool: Pool;
  inFlight: number;
}

const { port, upstreamPorts } = JSON.parse(process.argv[2] ?? '') as {
  port: number;
  upstreamPorts: number[];
};
const upstreams: Upstream[] = upstreamPorts.map((upstream) => ({
  pool: new Pool(`http://127.0.0.1:${upstream}`, { connections: 512, bodyTimeout: 0 }),
  inFlight: 0,
}));

/** One request: gathers its body, then is the handler of its own upstream request. */
class Relay implements Dispatcher.DispatchHandler {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #upstream: Upstream;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #first: Buffer | undefined;
  #streaming = false;
  #done = false;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
    this.#upstream = leastBusy();
    this.#upstream.inFlight += 1;
    request.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    request.once('end', () => this.#send());
  }

  #send(): void {
    const body = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
    const { method = 'POST', url = '/', headers } = this.#request;
    // Parsed to look, as any gateway must; nothing here uses what was found.
    if (body !== undefined && body.length > 0) JSON.parse(body.toString());
    delete headers.host;
    delete headers.connection;
    this.#upstream.pool.dispatch({ path: url, method, headers, body: body ?? null }, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#response.once('close', () => {
      if (!this.#done) controller.abort(new Error('the client left'));
    });
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders) {
    delete headers.connection;
    delete headers['keep-alive'];
    delete headers['transfer-encoding'];
    this.#response.writeHead(status, headers);
    this.#streaming = headers['content-type']?.startsWith('text/event-stream') === true;
    if (this.#streaming) this.#response.flushHeaders();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#streaming && this.#first === undefined) {
      this.#first = chunk;
      return;
    }
    if (this.#first !== undefined) this.#response.write(this.#first);
    this.#first = undefined;
    this.#streaming = true;
    if (this.#response.write(chunk)) return;
    controller.pause();
    this.#response.once('drain', () => this.#controller?.resume());
  }

  onResponseEnd(): void {
    this.#finish();
    this.#response.end(this.#first);
  }

  onResponseError(): void {
    this.#finish();
    if (this.#response.headersSent) this.#response.destroy();
    else this.#response.writeHead(502).end();
  }

  #finish(): void {
    this.#done = true;
    this.#upstream.inFlight -= 1;
  }
}

function leastBusy(): Upstream {
  return upstreams.reduce((best, upstream) => (upstream.inFlight < best.inFlight ? upstream : best));
}

const server = createServer((request, response) => new Relay(request, response));
server.keepAliveTimeout = 300_000;
server.requestTimeout = 0;
server.listen(port, '127.0.0.1', 4096);
