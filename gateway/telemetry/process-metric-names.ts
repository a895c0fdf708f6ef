// Names of the metrics of the process: build, memory, processor time, event loop.

/** Rows of the table of metrics, by name on /metrics. */
export const processMetricNames = {
  mcp_gateway_build_info: {
    name: 'mcp.gateway.build_info',
    kind: 'gauge',
    unit: '',
    help: 'Always 1; its labels name the version of the gateway and of Node.js.',
    labels: ['version', 'node'],
  },
  process_resident_memory_bytes: {
    name: 'process.resident_memory',
    kind: 'gauge',
    unit: 'By',
    help: 'Resident memory of the process.',
    labels: [],
  },
  process_cpu_seconds_total: {
    name: 'process.cpu',
    kind: 'counter',
    unit: 's',
    help: 'Processor time of the process, user and system.',
    labels: [],
  },
  nodejs_active_resources: {
    name: 'nodejs.active_resources',
    kind: 'gauge',
    unit: '',
    help: 'What keeps the event loop alive, by kind: sockets, timers, requests to the system.',
    labels: ['type'],
  },
  nodejs_eventloop_utilization_ratio: {
    name: 'nodejs.eventloop.utilization',
    kind: 'gauge',
    unit: '1',
    help: 'Share of the time since the last reading in which the event loop was busy.',
    labels: [],
  },
  nodejs_eventloop_delay_p50_seconds: {
    name: 'nodejs.eventloop.delay.p50',
    kind: 'gauge',
    unit: 's',
    help: 'Median lateness of a timer since the last reading.',
    labels: [],
  },
  nodejs_eventloop_delay_p99_seconds: {
    name: 'nodejs.eventloop.delay.p99',
    kind: 'gauge',
    unit: 's',
    help: 'Lateness of a timer that 99 % stayed below since the last reading.',
    labels: [],
  },
  nodejs_eventloop_delay_max_seconds: {
    name: 'nodejs.eventloop.delay.max',
    kind: 'gauge',
    unit: 's',
    help: 'Greatest lateness of a timer since the last reading.',
    labels: [],
  },
} as const;
