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
  POPRF_ELEMENT_INVALID: {
    en: 'The {what} ({bytes} bytes) is not the encoding of a group element other than the identity (32 bytes, RFC 9496).',
    'zh-CN': '{what}({bytes} 字节)不是非单位群元素的规范编码(32 字节,RFC 9496)。',
  },
  POPRF_SCALAR_INVALID: {
    en: 'The {what} ({bytes} bytes) is not a canonical scalar other than zero (32 bytes, little-endian).',
    'zh-CN': '{what}({bytes} 字节)不是非零的规范标量(32 字节,小端)。',
  },
  POPRF_PROOF_INVALID: {
    en:
      'The proof for {elements} evaluations does not hold: the gate used another key than the one of its epoch on ' +
      'chain, or another computation, or the answer was changed. No output was derived.',
    'zh-CN': '{elements} 次求值的证明不成立:网关所用密钥或计算编号与链上不符,或应答被改动;未导出任何输出。',
  },
  POPRF_INPUT_LENGTH: {
    en: 'The {what} has {gotBytes} bytes; at most {maxBytes} are possible.',
    'zh-CN': '{what} 有 {gotBytes} 字节,最多 {maxBytes} 字节。',
  },
  POPRF_BATCH_SIZE: {
    en: 'A batch holds 1 to {max} elements and as many of each kind; expected {expected}, got {got}.',
    'zh-CN': '一批应有 1 至 {max} 个元素,且各项数目一致;应为 {expected},实为 {got}。',
  },
  REGISTER_SIZE: {
    en: 'A register holds 1 to {max} subjects, not {count}.',
    'zh-CN': '名册应有 1 至 {max} 个主体,而不是 {count} 个。',
  },
} as const;
