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
  X25519_ZERO_SECRET: {
    en: 'The peer sent an X25519 key of small order; the shared secret would be zero. Key agreement was refused.',
    'zh-CN': '对方的 X25519 公钥为小阶点,共享密钥将全为零;已拒绝密钥协商。',
  },
  HKDF_LENGTH: {
    en: 'HKDF-SHA256 gives 1 to {maxBytes} bytes, not {lengthBytes}.',
    'zh-CN': 'HKDF-SHA256 可导出 1 至 {maxBytes} 字节,而不是 {lengthBytes} 字节。',
  },
  ENVELOPE_MALFORMED: {
    en: 'The signed envelope is malformed at {path}: {reason}.',
    'zh-CN': '签名信封在 {path} 处格式有误:{reason}。',
  },
  ENVELOPE_SUITE: {
    en: 'The envelope is of another suite; this version knows {expected} only.',
    'zh-CN': '信封所用套件不同;本版本只支持 {expected}。',
  },
  ENVELOPE_DOMAIN: {
    en: 'The envelope is not of the kind that belongs here, which is {expected}.',
    'zh-CN': '信封的种类不符,此处应为 {expected}。',
  },
  ENVELOPE_SIGNER: {
    en: 'The envelope is not signed by {expectedSigner} under its key of epoch {expectedKeyEpoch}.',
    'zh-CN': '信封的签署方不是 {expectedSigner} 的第 {expectedKeyEpoch} 期密钥。',
  },
  ENVELOPE_SIGNATURE: {
    en: 'The signature of {signer} (key epoch {keyEpoch}) does not hold: the envelope was changed or signed by another key.',
    'zh-CN': '{signer}(第 {keyEpoch} 期密钥)的签名不成立:信封被改动,或由其他密钥签署。',
  },
  ENVELOPE_EXPIRED: {
    en: 'The envelope of {signer} expired at {expiresAt}.',
    'zh-CN': '{signer} 的信封已于 {expiresAt} 过期。',
  },
  HTTP_SIGNATURE_MISSING: {
    en: 'The message carries no {field}; every call between organisations is signed (RFC 9421).',
    'zh-CN': '消息缺少 {field};机构之间的每次调用都须签名(RFC 9421)。',
  },
  HTTP_SIGNATURE_MALFORMED: {
    en: 'The signature of the HTTP message is malformed at {field}: {reason}.',
    'zh-CN': 'HTTP 消息签名在 {field} 处格式有误:{reason}。',
  },
  HTTP_SIGNATURE_COMPONENTS: {
    en: 'The signature does not cover exactly what it must: {reason}.',
    'zh-CN': '签名覆盖的内容不符合要求:{reason}。',
  },
  HTTP_SIGNATURE_FUTURE: {
    en: 'The message was signed at {created}, which is after now ({now}) by more than clocks may differ.',
    'zh-CN': '消息的签署时间 {created} 晚于当前时间 {now},超出允许的时钟偏差。',
  },
  HTTP_SIGNATURE_EXPIRED: {
    en: 'The signature of the message expired at {expires}; now is {now}. Sign it again.',
    'zh-CN': '消息签名已于 {expires} 过期,当前时间为 {now};请重新签署。',
  },
  HTTP_SIGNATURE_LIFETIME: {
    en: 'The signature is valid for {lifetimeSeconds} s; allowed are 1 to {maxLifetimeSeconds} s.',
    'zh-CN': '签名的有效期为 {lifetimeSeconds} 秒,应为 1 至 {maxLifetimeSeconds} 秒。',
  },
  HTTP_SIGNATURE_KEY: {
    en: 'No signing key of {org} with epoch {keyEpoch} is registered.',
    'zh-CN': '未登记 {org} 的第 {keyEpoch} 期签名密钥。',
  },
  HTTP_SIGNATURE_SIGNER: {
    en: 'The response is not signed by {expected}, which was asked.',
    'zh-CN': '应答不是由被请求方 {expected} 签署的。',
  },
  HTTP_SIGNATURE_INVALID: {
    en: 'The signature of {org} (key epoch {keyEpoch}) does not hold for this message.',
    'zh-CN': '{org}(第 {keyEpoch} 期密钥)对该消息的签名不成立。',
  },
  SEALED_BOX_OPEN_FAILED: {
    en:
      'The sealed box ({purpose}) from {sender} to {receiver} does not open: it was made for another receiver or use, ' +
      'or changed on the way.',
    'zh-CN': '{sender} 发给 {receiver} 的密封盒({purpose})无法打开:收件方或用途不符,或途中被改动。',
  },
} as const;
