/** Messages of consent; see catalogue.ts. */
export const consentMessages = {
  CONSENT_WITHDRAWAL: {
    en: 'Entry {index} of the consent log withdraws entry {of}, which is no earlier receipt that still stands.',
    'zh-CN': '同意日志第 {index} 条撤回第 {of} 条,但后者并非此前仍然有效的同意凭据。',
  },
  CONSENT_LOG_MALFORMED: {
    en: 'These {sizeBytes} bytes are no consent log, or one of more than 1,048,576 entries.',
    'zh-CN': '这 {sizeBytes} 字节不是同意日志,或其条目超过 1,048,576 条。',
  },
  CONSENT_LOG_SHORT: {
    en: 'The consent log has {found} entries here; its root at {size} entries cannot be computed.',
    'zh-CN': '此处的同意日志只有 {found} 条,无法计算其 {size} 条时的根。',
  },
} as const;
