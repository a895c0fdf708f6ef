// Slow calls: where figures and advice draw the line.

/** A call that took longer is what the performance guide calls slow, in ms. */
export const SLOW_MS = 2000;
