/** Messages of the protocol's primitives; see catalogue.ts. */
export const coreMessages = {
  MALFORMED_HEX: {
    en: 'Not a lower-case hexadecimal string of {expectedBytes} bytes.',
    'zh-CN': '不是 {expectedBytes} 字节的小写十六进制串。',
  },
  JSON_NOT_CANONICAL: {
    en: 'The value has no canonical JSON form: {reason}.',
    'zh-CN': '该值没有规范 JSON 形式:{reason}。',
  },
  SCHEMA_MISMATCH: {
    en: '{document} is not valid at {path}: {reason}.',
    'zh-CN': '{document} 在 {path} 处无效:{reason}。',
  },
} as const;
