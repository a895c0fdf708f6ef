// The Datadog dashboard, made from the same table of panels as Grafana's; it asks for the names that OTLP brings.
import { rows } from './panels.ts';

/** The dashboard's JSON text, for Datadog's "import dashboard". */
export function datadogDashboard(): string {
  const widgets = rows.map(({ title, panels }) => ({
    definition: {
      type: 'group',
      layout_type: 'ordered',
      title,
      widgets: panels.flatMap((panel) => {
        const asked = panel.targets.flatMap(({ datadog, legend }) =>
          datadog === undefined ? [] : [{ datadog, legend }],
        );
        if (asked.length === 0) return [];
        return [
          {
            definition: {
              type: 'timeseries',
              title: panel.title,
              show_legend: true,
              requests: [
                {
                  response_format: 'timeseries',
                  display_type: 'line',
                  queries: asked.map(({ datadog }, i) => ({
                    name: `query${i + 1}`,
                    data_source: 'metrics',
                    query: datadog
                      .replace('{*}', '{$service}')
                      .replace('{error.type:*}', '{$service,error.type:*}'),
                  })),
                  formulas: asked.map((_, i) => ({ formula: `query${i + 1}` })),
                },
              ],
              ...(panel.goal !== undefined && {
                markers: [{ value: `y = ${panel.goal}`, display_type: 'error dashed', label: 'goal' }],
              }),
            },
          },
        ];
      }),
    },
  }));
  const dashboard = {
    title: 'MCP gateway',
    description: 'Rate, errors and duration of each tool, and what stands behind them.',
    layout_type: 'ordered',
    template_variables: [
      { name: 'service', prefix: 'service', available_values: [], default: 'mcp-gateway' },
    ],
    widgets,
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
