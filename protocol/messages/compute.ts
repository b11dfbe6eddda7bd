/** Messages of the area `compute`; see catalogue.ts. */
export const computeMessages = {
  DATASET_WITHDRAWN: {
    en: 'The dataset version {dataset} was withdrawn by its owner; nothing new is computed over it.',
    'zh-CN': '数据集版本 {dataset} 已由其所有者撤回,不再对其进行新的计算。',
  },
  QUALITY_MISSING: {
    en: 'The dataset version {dataset} has no quality score on chain, and at least {floor} basis points are asked for.',
    'zh-CN': '数据集版本 {dataset} 在链上没有质量评分,而要求的评分不低于 {floor} 个基点。',
  },
  QUALITY_BELOW_FLOOR: {
    en: 'The dataset version {dataset} scores {score} basis points, below the floor of {floor}: it is not computed on.',
    'zh-CN': '数据集版本 {dataset} 的质量评分为 {score} 个基点,低于下限 {floor},不予计算。',
  },
  SCORE_RANGE_OVERFLOW: {
    en: "The model's scores could reach 2^{reachBits}, beyond what the parameters hold (2^{limitBits}): shrink weights or clips.",
    'zh-CN': '模型评分可能达到 2^{reachBits},超出参数可容纳的 2^{limitBits}:请缩小权重或截断范围。',
  },
  RLWE_PARAMETERS_PARTICIPANTS: {
    en: '{departments} departments and {gates} gates cannot compute together; at least one department and at most {most} participants are possible.',
    'zh-CN': '{departments} 个部门与 {gates} 个门无法共同计算;至少需要一个部门,参与方最多 {most} 个。',
  },
  RLWE_PARAMETERS_FEATURES: {
    en: '{party} has {features} features; a department must have 1 to {most}.',
    'zh-CN': '{party} 有 {features} 个特征;每个部门须有 1 至 {most} 个。',
  },
  RLWE_PARAMETERS_WIDTH: {
    en: 'Feature {feature} of {party} is {bits} bits wide; a width must be a whole number from 1 to {most}.',
    'zh-CN': '{party} 的特征 {feature} 宽度为 {bits} 位;宽度须为 1 至 {most} 的整数。',
  },
  RLWE_PARAMETERS_NOISE: {
    en: 'The noise of the sum ({noiseBits} bits) does not fit what decrypts ({limitBits} bits); with this split, features of at most {widestThatFits} bits would fit.',
    'zh-CN': '总和的噪声({noiseBits} 位)超出可解密范围({limitBits} 位);按此划分,特征最多 {widestThatFits} 位可行。',
  },
  RLWE_PARAMETERS_PARTY: {
    en: '{party} is no department of this computation.',
    'zh-CN': '{party} 不是本次计算的部门。',
  },
  RLWE_RECORD_TRUNCATED: {
    en: 'A {kind} record has {sizeBytes} bytes; it must have exactly {expectedBytes}.',
    'zh-CN': '{kind} 记录只有 {sizeBytes} 字节;必须恰为 {expectedBytes} 字节。',
  },
  RLWE_RECORD_OVERSIZED: {
    en: 'A {kind} record has {sizeBytes} bytes; it must have exactly {expectedBytes}.',
    'zh-CN': '{kind} 记录有 {sizeBytes} 字节;必须恰为 {expectedBytes} 字节。',
  },
  RLWE_RECORD_MAGIC: {
    en: 'Not a sealed-scoring record of version {version} (expected a {kind}).',
    'zh-CN': '不是版本 {version} 的密封评分记录(应为 {kind})。',
  },
  RLWE_RECORD_KIND: {
    en: 'A record of kind {found} stands where a {kind} is expected.',
    'zh-CN': '此处应为 {kind},却是类型 {found} 的记录。',
  },
  RLWE_RECORD_PARAMETERS: {
    en: 'A {kind} record was made for other ring parameters; expected tag {expected}.',
    'zh-CN': '{kind} 记录使用了其他环参数;应为标签 {expected}。',
  },
  RLWE_RECORD_LENGTH: {
    en: 'The {part} of a {kind} has the wrong length; expected {expected}.',
    'zh-CN': '{kind} 的 {part} 长度有误;应为 {expected}。',
  },
  RLWE_COEFFICIENT_RANGE: {
    en: 'Coefficient {index} of limb {limb} in a {kind} is not below its prime {prime}.',
    'zh-CN': '{kind} 中第 {limb} 分量的系数 {index} 不小于其素数 {prime}。',
  },
  RLWE_SEED_PRNG: {
    en: 'A {kind} record names generator {type}; only {expected} is accepted.',
    'zh-CN': '{kind} 记录指定了生成器 {type};只接受 {expected}。',
  },
  RLWE_SECRET_NOT_TERNARY: {
    en: 'The secret key of a sealed model must have 8192 coefficients of -1, 0 and 1, and not all of them 0.',
    'zh-CN': '密封模型的私钥须有 8192 个取值为 -1、0、1 的系数,且不得全为 0。',
  },
  RLWE_MODEL_FEATURES: {
    en: 'A sealed model has {features} weights for this department; it must have 1 to {most}.',
    'zh-CN': '密封模型在本部门有 {features} 个权重;须为 1 至 {most} 个。',
  },
  RLWE_MODEL_NOT_LOADED: {
    en: 'No sealed model is loaded.',
    'zh-CN': '尚未载入密封模型。',
  },
  RLWE_MODEL_SCHEMA: {
    en: 'The loaded model has {features} features, the parameters {schema} and the chunk {columns} columns; all three must agree.',
    'zh-CN': '已载入模型有 {features} 个特征,参数有 {schema} 个,数据块有 {columns} 列;三者必须一致。',
  },
  RLWE_COLUMN_SHAPE: {
    en: 'The column of feature {feature} has {values} values; a chunk has {expected}.',
    'zh-CN': '特征 {feature} 的列有 {values} 个值;每块应有 {expected} 个。',
  },
  RLWE_VALUE_RANGE: {
    en: 'The column of feature {feature} holds a value of more than {bits} bits.',
    'zh-CN': '特征 {feature} 的列含有超过 {bits} 位的值。',
  },
  RLWE_RELEASE_NOISE: {
    en: 'Release noise must be {expected} whole numbers of at most 28 bits and a sign.',
    'zh-CN': '发布噪声须为 {expected} 个带符号、不超过 28 位的整数。',
  },
  RLWE_KEYSTREAM: {
    en: 'Keystream or key of {sizeBytes} bytes; expected {expectedBytes}.',
    'zh-CN': '密钥流或密钥为 {sizeBytes} 字节;应为 {expectedBytes} 字节。',
  },
  RLWE_SHARE_SECRET: {
    en: 'A shared X25519 secret must be 32 bytes and not all zero.',
    'zh-CN': 'X25519 共享密钥须为 32 字节且不全为零。',
  },
  RLWE_SHARE_PARTIES: {
    en: 'A zero share needs two different organisations, the lower id first.',
    'zh-CN': '零份额需要两个不同的机构,较小的标识在前。',
  },
  RLWE_PAD_INPUT: {
    en: 'Pad input of {sizeBytes} bytes; expected {expectedBytes}.',
    'zh-CN': '锁定值输入为 {sizeBytes} 字节;应为 {expectedBytes} 字节。',
  },
  RLWE_LIMB: {
    en: 'There is no limb {limb}; a switched ciphertext has {limbs}.',
    'zh-CN': '不存在分量 {limb};切换后的密文有 {limbs} 个分量。',
  },
  RLWE_INDEX: {
    en: 'There is no coefficient {index}; a chunk has 8192.',
    'zh-CN': '不存在系数 {index};每块有 8192 个。',
  },
  RLWE_SUM_PARTICIPANTS: {
    en: 'A sum of {departments} departments and {gates} gates; it takes at least one department and at most {most} participants.',
    'zh-CN': '总和含 {departments} 个部门与 {gates} 个门;须至少一个部门,参与方最多 {most} 个。',
  },
  RLWE_WEIGHT_RANGE: {
    en: 'Weight {index} does not lie strictly inside ±2^{limitBits}.',
    'zh-CN': '权重 {index} 不在 ±2^{limitBits} 之内。',
  },
  RLWE_SECRET_KEY: {
    en: 'The stored secret key cannot be read or does not belong to the public key.',
    'zh-CN': '所存私钥无法读取,或与公钥不匹配。',
  },
  RLWE_SEAL_FORMAT: {
    en: 'SEAL wrote {what} in an unexpected form; this build expects node-seal 7.',
    'zh-CN': 'SEAL 以非预期格式写出 {what};此版本需要 node-seal 7。',
  },
} as const;
