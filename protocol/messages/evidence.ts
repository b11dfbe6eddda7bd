/** Messages of the area `evidence`; see catalogue.ts. */
import { verifyMessages } from './verify.ts';

export const evidenceMessages = {
  EVENT_SALT_LENGTH: {
    en: 'A salt has {found} bytes; {minimum} to {maximum} are needed.',
    'zh-CN': '盐值为 {found} 字节;应为 {minimum} 至 {maximum} 字节。',
  },
  EVENT_SALT_SECRET: {
    en: 'The secret for salts has {found} bytes; at least {minimum} are needed.',
    'zh-CN': '盐值密钥为 {found} 字节;至少需要 {minimum} 字节。',
  },
  EVENT_TYPE_UNKNOWN: {
    en: 'The event has a type or source outside the closed list.',
    'zh-CN': '事件的类型或来源不在规定的列表内。',
  },
  EVENT_KEY_REUSED: {
    en: 'The key of a {kind} event stands for something else in the log already.',
    'zh-CN': '该 {kind} 事件的键在日志中已对应不同内容。',
  },
  EVENT_BATCH_MIXED: {
    en: 'Some events of one append are in the log already or occur twice, others are new; an append is whole or repeated whole.',
    'zh-CN': '同一次追加中部分事件已在日志中或重复出现,其余为新事件;追加须整体为新或整体重复。',
  },
  EVIDENCE_RANGE: {
    en: 'The log has {size} events; {index} is outside.',
    'zh-CN': '日志共有 {size} 个事件;{index} 超出范围。',
  },
  EVIDENCE_LOG_FAILED: {
    en: 'A write of the evidence log failed at {size} events; it takes nothing more until the node is started again.',
    'zh-CN': '证据日志在第 {size} 个事件处写入失败;节点重新启动前不再接受新事件。',
  },
  EVIDENCE_STORE_CORRUPT: {
    en: 'The evidence store contradicts itself: {what}. Run sealedger-node fsck; do not write to it.',
    'zh-CN': '证据存储自相矛盾:{what}。请运行 sealedger-node fsck,不要再写入。',
  },
  ANCHOR_LOG_REWOUND: {
    en: 'The chain holds a checkpoint of {anchored} events, the log has {size}: the log was set back.',
    'zh-CN': '链上检查点含 {anchored} 个事件,而日志只有 {size} 个:日志被回退。',
  },
  ANCHOR_ROOT_DIFFERS: {
    en: 'The chain holds another root for {size} events than the log: two histories.',
    'zh-CN': '对于 {size} 个事件,链上的根与日志的根不同:存在两份历史。',
  },
  RECEIPT_PROOF_INVALID: {
    en: 'The receipt proof does not hold: {reason}.',
    'zh-CN': '交易收据证明不成立:{reason}。',
  },
  BLOCK_HEADER_MISMATCH: {
    en: 'The header of block {number} does not hash to its hash: a wrong answer, or a header form that is not known here.',
    'zh-CN': '区块 {number} 的区块头与其哈希不符:应答有误,或区块头格式未知。',
  },
  BLOCK_HEADER_MALFORMED: {
    en: 'A block header is malformed.',
    'zh-CN': '区块头格式错误。',
  },
  EXPORT_REQUEST_UNKNOWN: {
    en: 'The chain knows no such request.',
    'zh-CN': '链上没有该请求。',
  },
  ADMIN_EVIDENCE_EXPORT: {
    en: "Export this node's part of an evidence bundle.",
    'zh-CN': '导出本节点在证据包中的部分。',
  },
  EVIDENCE_USAGE: {
    en: 'Usage: sealedger-node evidence export --config FILE --by PERSON (--version ID | --request ID | --batch REQUEST/ORG/N) [--withhold NAME,KIND.NAME,…|all] [--since SIZE] [--through BLOCK] [--out FILE] [--lang en|zh-CN]',
    'zh-CN':
      '用法:sealedger-node evidence export --config FILE --by 人员 (--version 编号 | --request 编号 | --batch 请求/机构/批次) [--withhold 字段,事件.字段,…|all] [--since 日志大小] [--through 区块号] [--out FILE] [--lang en|zh-CN]',
  },
  EXPORT_VERSION_UNKNOWN: {
    en: 'The chain knows no such version of a dataset.',
    'zh-CN': '链上没有该数据集版本。',
  },
  EXPORT_NOT_ANCHORED: {
    en: 'Event {index} is not anchored yet (anchored: {anchored}); anchor the log, then export.',
    'zh-CN': '事件 {index} 尚未锚定(已锚定:{anchored});请先锚定日志再导出。',
  },
  EXPORT_BLOCK_REPLACED: {
    en: 'Block {number} was replaced while it was being proven; export again.',
    'zh-CN': '区块 {number} 在取证过程中被替换;请重新导出。',
  },
  BUNDLE_PARTS_DIFFER: {
    en: 'The parts of a bundle do not belong together: {what} differs.',
    'zh-CN': '证据包的各部分不属于同一对象:{what} 不同。',
  },
  VERIFY_USAGE: {
    en: 'Usage: sealedger verify FILE… --trust FILE [--rpc URL] [--state FILE] [--json] [--lang en|zh-CN] ({reason}).',
    'zh-CN':
      '用法:sealedger verify FILE… --trust FILE [--rpc URL] [--state FILE] [--json] [--lang en|zh-CN]({reason})。',
  },
  EVIDENCE_COLLECT_USAGE: {
    en: 'Usage: sealedger evidence --request ID | --version ID | --batch REQUEST/ORG/N --profile FILE --out FILE [--state FILE] [--lang en|zh-CN] ({reason}).',
    'zh-CN':
      '用法:sealedger evidence --request 编号 | --version 编号 | --batch 请求/机构/批次 --profile FILE --out FILE [--state FILE] [--lang en|zh-CN]({reason})。',
  },
  EVIDENCE_COLLECTED: {
    en: '{file}: {parts} parts joined. Whether it holds, sealedger verify says.',
    'zh-CN': '{file}:已合并 {parts} 个部分。是否成立,请用 sealedger verify 核验。',
  },
  WITHHOLD_USAGE: {
    en: 'Usage: sealedger withhold FILE --fields NAME,KIND.NAME,…|all --out FILE [--lang en|zh-CN] ({reason}).',
    'zh-CN': '用法:sealedger withhold FILE --fields 字段,事件.字段,…|all --out FILE [--lang en|zh-CN]({reason})。',
  },
  WITHHOLD_FIELD_UNKNOWN: {
    en: 'No event in the file has an open field {field}; nothing was written.',
    'zh-CN': '文件中没有任何事件公开字段 {field};未写入任何内容。',
  },
  WITHHOLD_DONE: {
    en: '{file}: {count} openings were cut. What the contracts say in public stays in it: {public}.',
    'zh-CN': '{file}:已删去 {count} 个字段的公开内容。合约公开记载的内容仍在其中:{public}。',
  },
  VERIFY_NO_TRUST: {
    en: 'Without --trust FILE nothing can be verified: name the chain, contracts and validators that you trust.',
    'zh-CN': '没有 --trust FILE 就无法核验:请指明您信任的链、合约与验证者。',
  },
  VERIFY_FILE_UNREADABLE: {
    en: 'The file {file} cannot be read.',
    'zh-CN': '无法读取文件 {file}。',
  },
  BUNDLE_TOO_LARGE: {
    en: 'The file is larger than {maximum} bytes.',
    'zh-CN': '文件超过 {maximum} 字节。',
  },
  ...verifyMessages,
} as const;
