/** Messages of the area `compute`; see catalogue.ts. */
export const computeMessages = {} as const;
