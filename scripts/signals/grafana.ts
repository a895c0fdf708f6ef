// The Grafana dashboard, made from the table of panels.
import type { Panel } from './panels.ts';
import { rows } from './panels.ts';

/** Grafana's grid is 24 wide. */
const WIDTH = 24;
const HEIGHT = 8;
/** The variable of that name, in Grafana's spelling. */
const datasource = { type: 'prometheus', uid: ['$', '{datasource}'].join('') };

/** The dashboard's JSON text. */
export function grafanaDashboard(): string {
  const panels: unknown[] = [];
  let y = 0;
  for (const row of rows) {
    panels.push({
      type: 'row',
      id: panels.length + 1,
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y: y++, w: WIDTH, h: 1 },
      panels: [],
    });
    const w = Math.floor(WIDTH / row.panels.length);
    row.panels.forEach((panel, i) => {
      panels.push(timeSeries(panel, panels.length + 1, { x: i * w, y, w, h: HEIGHT }));
    });
    y += HEIGHT;
  }
  const dashboard = {
    uid: 'mcp-gateway',
    title: 'MCP gateway',
    description: 'Rate, errors and duration of each tool, and what stands behind them.',
    tags: ['mcp', 'mcp-gateway'],
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    schemaVersion: 41,
    time: { from: 'now-1h', to: 'now' },
    timezone: 'browser',
    templating: {
      list: [
        { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
        variable('job', 'Job', 'label_values(mcp_gateway_build_info, job)'),
        variable('instance', 'Instance', 'label_values(mcp_gateway_build_info{job=~"$job"}, instance)'),
        variable('pool', 'Pool', 'label_values(mcp_gateway_endpoint_up{job=~"$job"}, pool)'),
        variable(
          'tool',
          'Tool',
          'label_values(mcp_server_operation_duration_seconds_count{job=~"$job",gen_ai_tool_name!=""}, gen_ai_tool_name)',
        ),
      ],
    },
    panels,
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

function variable(name: string, label: string, query: string) {
  return {
    name,
    label,
    type: 'query',
    datasource,
    query: { query, refId: name },
    definition: query,
    refresh: 2,
    multi: true,
    includeAll: true,
    // Also what has no such label: not every request names a tool. `.+` where one is asked for.
    allValue: name === 'tool' ? '.+' : '.*',
    current: { text: 'All', value: '$__all' },
    sort: 1,
  };
}

function timeSeries({ title, description, unit, targets, goal }: Panel, id: number, gridPos: object) {
  const steps = [
    { color: 'green', value: null },
    ...(goal === undefined ? [] : [{ color: 'red', value: goal }]),
  ];
  return {
    type: 'timeseries',
    id,
    title,
    description,
    datasource,
    gridPos,
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        thresholds: { mode: 'absolute', steps },
        custom: {
          fillOpacity: 8,
          showPoints: 'never',
          thresholdsStyle: { mode: goal === undefined ? 'off' : 'line' },
        },
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: 'list', placement: 'bottom' },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    targets: targets.map(({ expr, legend }, i) => ({
      refId: String.fromCharCode(65 + i),
      datasource,
      editorMode: 'code',
      expr,
      legendFormat: legend,
      range: true,
    })),
  };
}
