// Log events: every record that the log may hold, with its level and what it tells; docs/logs.md has this table.

interface EventRow {
  readonly level: 'info' | 'warn' | 'error';
  /** When it is written. */
  readonly sentence: string;
}

/** The word of a record. */
export type LogEvent = keyof typeof events;

export const events = {
  tool_execution: { level: 'info', sentence: 'A tool call has ended.' },
  started: { level: 'info', sentence: 'Both listeners are open.' },
  draining: { level: 'info', sentence: 'The gateway is to stop; it finishes what is in flight.' },
  stopped: { level: 'info', sentence: 'Everything is closed.' },
  crashed: { level: 'error', sentence: 'An error that nobody caught; the gateway stops.' },
  internal_error: {
    level: 'error',
    sentence: 'A fault of the gateway has cost a request; `stack` says where.',
  },
  config_warning: { level: 'warn', sentence: 'Something in the configuration works and may surprise.' },
  reload: { level: 'info', sentence: 'A changed configuration is in use; `changed` names its keys.' },
  reload_failed: {
    level: 'error',
    sentence: 'A configuration was refused; one line for each problem in it.',
  },
  reload_needs_restart: { level: 'warn', sentence: 'The key at `path` takes effect at the next start.' },
  retire_failed: { level: 'error', sentence: 'What a reload replaced could not be closed.' },
  certificate_changed: { level: 'info', sentence: 'New files of `listen.tls` are in use.' },
  certificate_refused: {
    level: 'error',
    sentence: 'New files of `listen.tls` cannot be used; the old ones stay.',
  },
  endpoint_available: { level: 'info', sentence: 'An endpoint is picked again.' },
  endpoint_unhealthy: { level: 'warn', sentence: 'Active checks have taken an endpoint out.' },
  endpoint_ejected: { level: 'warn', sentence: 'An endpoint whose exchanges fail is out for a time.' },
  endpoint_drain: { level: 'info', sentence: 'An operator has taken an endpoint out.' },
  endpoint_undrain: { level: 'info', sentence: 'An operator has put an endpoint back.' },
  dns_away: {
    level: 'warn',
    sentence: 'A `dns` name cannot be resolved; its last addresses stay, where it has had any.',
  },
  dns_back: { level: 'info', sentence: 'It can be resolved again.' },
  redis_away: { level: 'warn', sentence: 'Redis does not answer; each gateway goes on alone.' },
  redis_back: { level: 'info', sentence: 'Redis is used again.' },
  token_keys_away: { level: 'warn', sentence: "The authorization server's keys cannot be read." },
  token_keys_back: { level: 'info', sentence: 'They can be read again.' },
  session_key_shared: {
    level: 'info',
    sentence: 'Session ids are sealed with the key that gateways share in Redis.',
  },
  session_key_own: { level: 'warn', sentence: 'Session ids are sealed with a key of this gateway only.' },
  session_key_unsound: {
    level: 'warn',
    sentence: 'What Redis holds in the place of the session key is none.',
  },
  overloaded: { level: 'warn', sentence: 'Requests are refused for `cause`.' },
  overload_over: { level: 'info', sentence: 'They are served again.' },
  connections_refused: { level: 'warn', sentence: 'Connections over `listen.max_connections` were closed.' },
  socket_shortage: {
    level: 'error',
    sentence: 'Upstreams cannot be reached for want of descriptors, ports or memory here.',
  },
  cache_purged: { level: 'info', sentence: 'An operator has purged the cache.' },
  log_level: { level: 'warn', sentence: 'The level was set over the admin listener.' },
  otel_environment: { level: 'warn', sentence: 'A variable of OpenTelemetry is not understood.' },
  export_failed: { level: 'warn', sentence: 'Traces or metrics could not be sent.' },
  metric_unreadable: { level: 'warn', sentence: 'A metric could not be read.' },
} as const satisfies Record<string, EventRow>;
