/** Messages of keys at rest; see catalogue.ts. */
export const keyMessages = {
  KEYSTORE_PASSPHRASE: {
    en: 'The keystore of {org} does not open: the passphrase is not its own, or the file was changed.',
    'zh-CN': '无法打开 {org} 的密钥库:口令不符,或文件已被改动。',
  },
  PASSPHRASE_LENGTH: {
    en: 'A passphrase has {minimum} to {maximum} characters.',
    'zh-CN': '口令须为 {minimum} 至 {maximum} 个字符。',
  },
} as const;
