/** Messages of the area `evidence`; see catalogue.ts. */
export const evidenceMessages = {} as const;
