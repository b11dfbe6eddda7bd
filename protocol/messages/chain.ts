/** Messages of the area `chain`; see catalogue.ts. */
export const chainMessages = {} as const;
