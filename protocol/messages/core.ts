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
  BYTES_LENGTH: {
    en: '{what} must have {expectedBytes} bytes, not {gotBytes}.',
    'zh-CN': '{what} 的长度应为 {expectedBytes} 字节,而不是 {gotBytes} 字节。',
  },
  MERKLE_RANGE: {
    en: 'Index {index} and tree size {treeSize} do not fit together.',
    'zh-CN': '序号 {index} 与树的大小 {treeSize} 不相容。',
  },
  MERKLE_FRONTIER_MALFORMED: {
    en: 'The stored frontier of a Merkle log is malformed: {reason}.',
    'zh-CN': '所存 Merkle 日志前沿格式有误:{reason}。',
  },
} as const;
