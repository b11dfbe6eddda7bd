/** Messages of the area `node`; see catalogue.ts. */
export const nodeMessages = {} as const;
