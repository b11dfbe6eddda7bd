/** Messages of the area `match`; see catalogue.ts. */
export const matchMessages = {} as const;
