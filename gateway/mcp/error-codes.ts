// Error codes of JSON-RPC and of the protocol; the gateway's own are in the table of refusals.

export const ErrorCode = {
  /** JSON-RPC 2.0, section 5.1. */
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  /** Sessionful era only (MCP 2025-11-25, resources, "Error Handling"). */
  resourceNotFound: -32002,
  /** A header does not say what the body says (MCP 2026-07-28, basic, "Error Codes"). */
  headerMismatch: -32020,
} as const;
