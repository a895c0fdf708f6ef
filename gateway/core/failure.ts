// Failures: something broke between the gateway and an upstream; what retry and outlier detection need to know of it.

/** What broke, in one word; a label of retries, of outlier events and of upstream operations. */
export const failureKinds = [
  'connect',
  'reset',
  'timeout',
  'status',
  'unusable',
  'too_large',
  'credential',
] as const;

export type FailureKind = (typeof failureKinds)[number];

interface FailureDetail {
  refused?: boolean;
  shortage?: string | undefined;
  retryAfterMs?: number | undefined;
}

/** A broken attempt. `sent`: the upstream may have seen the request, which then goes elsewhere only if it is safe to repeat. */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly sent: boolean;
  /** How long the upstream asked to be left alone, in ms. */
  readonly retryAfterMs: number | undefined;
  /** True when the endpoint itself refused the connection: its process, and every session in it, is gone. */
  readonly refused: boolean;
  /** What this machine lacked to make the attempt at all, as the system's error code; no fault of the endpoint. */
  readonly shortage: string | undefined;

  constructor(
    kind: FailureKind,
    sent: boolean,
    message: string,
    { refused = false, retryAfterMs, shortage }: FailureDetail = {},
  ) {
    super(message);
    this.name = 'Failure';
    this.kind = kind;
    this.sent = sent;
    this.refused = refused;
    this.shortage = shortage;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether it speaks against the endpoint: a size or a credential may be the fault of one caller, a shortage is ours. */
  get isOutlier(): boolean {
    return this.shortage === undefined && this.kind !== 'too_large' && this.kind !== 'credential';
  }
}

/** How an attempt ended: with an answer, broken, or because nobody wants its answer any more. */
export type AttemptEnd = Failure | 'answered' | 'abandoned';
