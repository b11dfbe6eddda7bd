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
  /** Prefix of decisions that the chain has not confirmed. */
  unsent: 'unsent-decision/',
  unsentOf: (requestId: string): string => `unsent-decision/${requestId}`,
  /** What persons said, which stays here. */
  reasons: (requestId: string): string => `decision-reason/${requestId}`,
  /** The department's sheet, as intake stores it. */
  sheet: (requestId: string): string => `sheet/${requestId}`,
  /** Prefix of the documents. */
  documents: 'document/',
  /** Prefix of the deadlines. */
  deadlines: 'deadline/',
  deadline: (requestId: string): string => `deadline/${requestId}`,
  /** Prefix of policies that persons applied. */
  applied: 'policy/',
  appliedPolicy: (uid: string): string => `policy/${uid}`,
  /** Prefix of applied policies that persons took away again. */
  removed: 'removed-policy/',
  removedPolicy: (uid: string): string => `removed-policy/${uid}`,
  /** Prefix of requests that this organisation revoked. */
  revoked: 'revoked-request/',
  revocation: (requestId: string): string => `revoked-request/${requestId}`,
} as const;
