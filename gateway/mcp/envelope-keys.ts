// The members of a message that the envelope reader knows; every other one passes unread.
import { MetaKey } from './methods.ts';

export const messageKeys = ['jsonrpc', 'id', 'method', 'params', 'result', 'error'];

export const paramKeys = [
  'name',
  'arguments',
  '_meta',
  'uri',
  'taskId',
  'requestId',
  'inputResponses',
  'requestState',
];

export const metaKeys = [
  MetaKey.protocolVersion,
  MetaKey.progressToken,
  MetaKey.traceparent,
  MetaKey.tracestate,
  MetaKey.cache,
];
