// A receiver of OTLP over HTTP: keeps what real exporters post, as JSON.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Attributes by name, as far as they are of simple types. */
export type Attributes = Record<string, string | number | boolean>;

/** A span as it was posted. */
export interface ReceivedSpan {
  readonly name: string;
  readonly kind: 'SERVER' | 'CLIENT' | 'other';
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly failed: boolean;
  readonly links: readonly { traceId: string; spanId: string }[];
  readonly attributes: Attributes;
  readonly resource: Attributes;
  readonly durationMs: number;
}

/** A metric as it was posted last: its unit and the attributes of its points. */
export interface ReceivedMetric {
  readonly unit: string;
  readonly points: readonly Attributes[];
}

type Json = Record<string, unknown>;

/** A running receiver. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  readonly metrics = new Map<string, ReceivedMetric>();
  /** Paths, content types and header `x-canary` of all posts. */
  readonly posts: { path: string; type: string; headers: Record<string, unknown> }[] = [];
  /** Everything that was posted, as text. */
  text = '';
  readonly #server = createServer((request, response) => {
    this.#take(request).then(
      // Exporters would keep the connection, which a test would take for one that was left over.
      () => response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end('{}'),
      () => response.destroy(),
    );
  });
  readonly #changed = new EventTarget();

  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  /** The environment that sends everything here, soon. */
  get env(): Record<string, string> {
    return {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '20',
      OTEL_METRIC_EXPORT_INTERVAL: '200',
    };
  }

  /** Resolves when `found` gives something; rejects after fifteen seconds. */
  async until<T>(found: () => T | undefined): Promise<T> {
    const signal = AbortSignal.timeout(15_000);
    for (;;) {
      const result = found();
      if (result !== undefined) return result;
      await once(this.#changed, 'post', { signal });
    }
  }

  /** The spans of one trace, once there are at least `count`. */
  trace(traceId: string, count: number): Promise<ReceivedSpan[]> {
    return this.until(() => {
      const spans = this.spans.filter((span) => span.traceId === traceId);
      return spans.length >= count ? spans : undefined;
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #take(request: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const { url = '', headers } = request;
    const type = headers['content-type'] ?? '';
    this.posts.push({ path: url, type, headers });
    this.text += text;
    if (type.includes('json')) {
      const body = JSON.parse(text) as Json;
      if (url === '/v1/traces') this.spans.push(...spansOf(body));
      else for (const [name, metric] of metricsOf(body)) this.metrics.set(name, metric);
    }
    this.#changed.dispatchEvent(new Event('post'));
  }
}

function list(of: unknown, key: string): Json[] {
  return ((of as Json)[key] as Json[] | undefined) ?? [];
}

function spansOf(body: Json): ReceivedSpan[] {
  return list(body, 'resourceSpans').flatMap((perResource) => {
    const resource = attributesOf(perResource['resource'] as Json);
    return list(perResource, 'scopeSpans').flatMap((scoped) =>
      list(scoped, 'spans').map((span) => ({
        name: String(span['name']),
        kind: span['kind'] === 2 ? 'SERVER' : span['kind'] === 3 ? 'CLIENT' : 'other',
        traceId: String(span['traceId']),
        spanId: String(span['spanId']),
        parentSpanId: String(span['parentSpanId'] ?? ''),
        failed: (span['status'] as Json | undefined)?.['code'] === 2,
        links: list(span, 'links').map((link) => ({
          traceId: String(link['traceId']),
          spanId: String(link['spanId']),
        })),
        attributes: attributesOf(span),
        resource,
        durationMs:
          Number(BigInt(String(span['endTimeUnixNano'])) - BigInt(String(span['startTimeUnixNano']))) / 1e6,
      })),
    );
  });
}

function metricsOf(body: Json): [string, ReceivedMetric][] {
  return list(body, 'resourceMetrics').flatMap((perResource) =>
    list(perResource, 'scopeMetrics').flatMap((scoped) =>
      list(scoped, 'metrics').map((metric): [string, ReceivedMetric] => {
        const data = (metric['gauge'] ?? metric['sum'] ?? metric['histogram']) as Json;
        const points = list(data, 'dataPoints').map(attributesOf);
        return [String(metric['name']), { unit: String(metric['unit'] ?? ''), points }];
      }),
    ),
  );
}

function attributesOf(of: Json): Attributes {
  return Object.fromEntries(
    list(of, 'attributes').map(({ key, value }) => {
      const [kind, given] = Object.entries(value as Json)[0] ?? [];
      return [String(key), (kind === 'intValue' ? Number(given) : given) as string];
    }),
  );
}
