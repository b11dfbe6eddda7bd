/** Messages of the area `match`; see catalogue.ts. */
export const matchMessages = {
  IDENTIFIER_INVALID: {
    en:
      'No valid identifier ({kind}): {reason}. Right is a resident identity number of 18 characters (GB 11643-1999; ' +
      'the 15-digit form is no longer valid) or a unified social credit code of 18 characters (GB 32100-2015).',
    'zh-CN':
      '标识无效({kind}):{reason}。应为 18 位居民身份证号码(GB 11643-1999,15 位旧号已停用)' +
      '或 18 位统一社会信用代码(GB 32100-2015)。',
  },
} as const;
