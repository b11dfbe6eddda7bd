/** Where approval keeps its state. */
export const approvalKeys = {
  /** Prefix of the decisions. */
  decisions: 'decision/',
  decision: (requestId: string): string => `decision/${requestId}`,
  /** The request's document, as intake stores it. */
  document: (requestId: string): string => `document/${requestId}`,
  /** Prefix of what waits for a person. */
  waiting: 'waiting/',
  wait: (requestId: string): string => `waiting/${requestId}`,
} as const;
