// The page of metrics, made from the table that the instruments are made from.
import { metrics, unitWord } from '../../gateway/telemetry/metric-names.ts';

const head = `# Metrics

<!-- Made by \`npm run docs\` from gateway/telemetry/metric-names.ts and scripts/signals/metrics-page.ts. -->

\`GET /metrics\` on the admin listener shows them as Prometheus text; where \`OTEL_EXPORTER_OTLP_ENDPOINT\` (or
\`OTEL_METRICS_EXPORTER=otlp\`) is set they are also pushed by OTLP, under the OpenTelemetry name of each. A collector or
Prometheus makes the name of the scrape from that one again, so dashboards need not know which way the figures came.
Variables: \`OTEL_EXPORTER_OTLP_{ENDPOINT,HEADERS,PROTOCOL,…}\` (\`http/protobuf\` or \`http/json\`),
\`OTEL_METRIC_EXPORT_INTERVAL\`, \`OTEL_SERVICE_NAME\`, \`OTEL_RESOURCE_ATTRIBUTES\`, \`OTEL_SDK_DISABLED\`.

Labels are bounded: a tool or prompt that the upstream does not list, a method that no specification names and clients
beyond 200 are \`_other\`; error types are the gateway's own words, \`tool_error\` and JSON-RPC codes. No label ever holds a
session, an argument, a URI or a text of a caller. \`error_type\` is absent on success, so the share of errors is what has it,
by all.

Dashboards, rules and alerts that use them are in [deploy/](../deploy/README.md); what to do when an alert fires is in the
[runbook](runbook.md).

`;

/** The page's text. */
export function metricsPage(): string {
  const sections = Object.entries(metrics).map(([name, row]) => {
    const otel = row.kind === 'histogram' || unitWord(row.unit) !== undefined ? `, unit \`${row.unit}\`` : '';
    const labels = row.labels.map((label) => `\`${label.replaceAll('.', '_')}\``).join(', ');
    const lines = [
      `### ${name}`,
      '',
      row.help,
      '',
      `- ${row.kind}; over OTLP \`${row.name}\`${otel}`,
      ...(labels === '' ? [] : [`- labels: ${labels}`]),
      ...('buckets' in row ? [`- buckets: ${row.buckets.join(', ')}`] : []),
    ];
    return `${lines.join('\n')}\n`;
  });
  return head + sections.join('\n');
}
