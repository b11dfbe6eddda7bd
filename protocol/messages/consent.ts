/** Messages of consent; see catalogue.ts. */
export const consentMessages = {
  CONSENT_WITHDRAWAL: {
    en: 'Entry {index} of the consent log withdraws entry {of}, which is no earlier receipt that still stands.',
    'zh-CN': '同意日志第 {index} 条撤回第 {of} 条,但后者并非此前仍然有效的同意凭据。',
  },
} as const;
