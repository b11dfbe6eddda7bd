/** Messages of the bank's commands of `sealedger`; see catalogue.ts. */
export const bankCliMessages = {
  STORE_UNREADABLE: {
    en: "A value in the bank's store cannot be opened: it was changed, or belongs to another keystore.",
    'zh-CN': '银行本地存储中有一项无法打开:内容被改动,或属于另一密钥库。',
  },
  STORE_BUSY: {
    en: "Another command (process {pid}) works in the bank's store; try again when it is done.",
    'zh-CN': '另一命令(进程 {pid})正在使用银行本地存储;请待其结束后重试。',
  },
  REQUEST_FILE_UNREADABLE: {
    en: 'The file {file} cannot be read.',
    'zh-CN': '无法读取文件 {file}。',
  },
  REQUEST_FILE_TOO_LARGE: {
    en: 'The file {file} has more than {limitBytes} bytes.',
    'zh-CN': '文件 {file} 超过 {limitBytes} 字节。',
  },
  REQUEST_FILE_DATASET: {
    en: 'No catalogue offers "{dataset}" as a dataset of the kind {kind}.',
    'zh-CN': '各目录中均无类型为 {kind} 的数据集“{dataset}”。',
  },
  REQUEST_FILE_SUBJECT: {
    en: 'Line {line} of the list holds no valid identifier.',
    'zh-CN': '名单第 {line} 行不是有效的标识号。',
  },
  BANK_REQUEST_USAGE: {
    en: 'usage: sealedger request FILE --profile FILE [--wait SECONDS]\n       sealedger request --amend ID FILE --profile FILE [--wait SECONDS]\n       sealedger request --renew ID --term-days N [--quota N] --profile FILE [--wait SECONDS]\n       sealedger request --deliver ID --profile FILE\n       sealedger request --codes\n       everywhere: [--json] [--lang en|zh-CN] [--passphrase-file FILE | --passphrase-fd N]',
    'zh-CN':
      '用法:sealedger request 文件 --profile 文件 [--wait 秒]\n     sealedger request --amend 编号 文件 --profile 文件 [--wait 秒]\n     sealedger request --renew 编号 --term-days 天数 [--quota 次数] --profile 文件 [--wait 秒]\n     sealedger request --deliver 编号 --profile 文件\n     sealedger request --codes\n     通用选项:[--json] [--lang en|zh-CN] [--passphrase-file 文件 | --passphrase-fd 描述符]',
  },
  BANK_STATUS_USAGE: {
    en: 'usage: sealedger status [ID] --profile FILE [--json] [--lang en|zh-CN]',
    'zh-CN': '用法:sealedger status [编号] --profile 文件 [--json] [--lang en|zh-CN]',
  },
  BANK_GRANT_USAGE: {
    en: 'usage: sealedger grant ID --profile FILE [--json] [--lang en|zh-CN]',
    'zh-CN': '用法:sealedger grant 编号 --profile 文件 [--json] [--lang en|zh-CN]',
  },
  BANK_WITHDRAW_USAGE: {
    en: 'usage: sealedger withdraw ID --profile FILE [--json] [--lang en|zh-CN]',
    'zh-CN': '用法:sealedger withdraw 编号 --profile 文件 [--json] [--lang en|zh-CN]',
  },
  BANK_ANSWER_USAGE: {
    en: 'usage: sealedger answer ID QUESTION TEXT | --file FILE --profile FILE [--json] [--lang en|zh-CN]',
    'zh-CN': '用法:sealedger answer 编号 问题编号 答复 | --file 文件 --profile 文件 [--json] [--lang en|zh-CN]',
  },
  BANK_COMPUTE_USAGE: {
    en: 'usage: sealedger compute ID --profile FILE [--json] [--lang en|zh-CN]',
    'zh-CN': '用法:sealedger compute 编号 --profile 文件 [--json] [--lang en|zh-CN]',
  },
  BANK_UNLOCK_USAGE: {
    en: 'usage: sealedger unlock ID --subjects FILE --out FILE --profile FILE [--json] [--lang en|zh-CN]',
    'zh-CN': '用法:sealedger unlock 编号 --subjects 名单文件 --out 结果文件 --profile 文件 [--json] [--lang en|zh-CN]',
  },
  BANK_CODES_PURPOSES: {
    en: 'Purposes, with the grounds that are usual (no legal advice):',
    'zh-CN': '用途代码及其通常的合法性基础(不构成法律意见):',
  },
  BANK_CODES_PURPOSE: {
    en: '  {code}: {label} (persons: {person}; enterprises: {enterprise})',
    'zh-CN': '  {code}:{label}(个人:{person};企业:{enterprise})',
  },
  BANK_CODES_BASES: { en: 'Legal grounds:', 'zh-CN': '合法性基础代码:' },
  BANK_CODES_BASIS: { en: '  {code}: {label} ({source})', 'zh-CN': '  {code}:{label}({source})' },
  BANK_WAITING: {
    en: 'Request {requestId} is sent; waiting for all owners and gates.',
    'zh-CN': '请求 {requestId} 已提交,正在等待各数据方和闸口。',
  },
  BANK_REQUEST_SENT: { en: 'Request {requestId}: {state}.', 'zh-CN': '请求 {requestId}:{state}。' },
  BANK_NO_REQUESTS: { en: 'This store has no requests.', 'zh-CN': '本地存储中没有请求。' },
  REQUEST_STATE_SUBMITTED: { en: 'waiting for decisions', 'zh-CN': '待审批' },
  REQUEST_STATE_ACTIVE: { en: 'active', 'zh-CN': '生效中' },
  REQUEST_STATE_REJECTED: { en: 'rejected', 'zh-CN': '已拒绝' },
  REQUEST_STATE_REVOKED: { en: 'revoked', 'zh-CN': '已撤销' },
  REQUEST_STATE_WITHDRAWN: { en: 'withdrawn', 'zh-CN': '已撤回' },
  REQUEST_STATE_COMPLETED: { en: 'completed', 'zh-CN': '已完成' },
  REQUEST_STATE_EXPIRED: { en: 'expired', 'zh-CN': '已到期' },
  REQUEST_STATE_SUSPENDED: { en: 'suspended', 'zh-CN': '已中止' },
  REQUEST_STATE_SUPERSEDED: { en: 'replaced by a later version', 'zh-CN': '已被后续版本取代' },
  BANK_STATUS_LINE: {
    en: '{requestId}: {state}; {purpose}; {used} of {quota} unlockings used; until {expiresAt}',
    'zh-CN': '{requestId}:{state};用途 {purpose};已用 {used}/{quota} 次;有效期至 {expiresAt}',
  },
  BANK_VERSION: { en: '  version {requestId}: {change}, {state}', 'zh-CN': '  版本 {requestId}:{change},{state}' },
  BANK_CHANGE_NEW: { en: 'first version', 'zh-CN': '初始版本' },
  BANK_CHANGE_AMENDMENT: { en: 'amendment', 'zh-CN': '变更' },
  BANK_CHANGE_RENEWAL: { en: 'renewal', 'zh-CN': '续期' },
  BANK_PARTY: { en: '  {org} ({roles}): {decision}', 'zh-CN': '  {org}({roles}):{decision}' },
  BANK_ROLE_OWNER: { en: 'owner', 'zh-CN': '数据方' },
  BANK_ROLE_GATE: { en: 'gate', 'zh-CN': '闸口' },
  BANK_PENDING: { en: 'not decided yet', 'zh-CN': '尚未决定' },
  BANK_APPROVED: { en: 'approved', 'zh-CN': '已批准' },
  BANK_REJECTED: { en: 'rejected', 'zh-CN': '已拒绝' },
  BANK_NO_DECISION: { en: 'has no decision on chain', 'zh-CN': '无须在链上决定' },
  BANK_PARTY_AWAY: { en: '    its node did not answer: {code}', 'zh-CN': '    其节点未答复:{code}' },
  BANK_ACKNOWLEDGE: { en: 'acknowledgement', 'zh-CN': '受理' },
  BANK_ANSWER: { en: 'answer', 'zh-CN': '答复' },
  BANK_CORRECT: { en: 'correction', 'zh-CN': '校核更正' },
  BANK_TIMER: { en: '    {kind}: due {dueAt}', 'zh-CN': '    {kind}:期限 {dueAt}' },
  BANK_TIMER_MET: { en: '    {kind}: done (was due {dueAt})', 'zh-CN': '    {kind}:已完成(期限 {dueAt})' },
  BANK_TIMER_OVERDUE: { en: '    {kind}: overdue since {dueAt}', 'zh-CN': '    {kind}:自 {dueAt} 起已逾期' },
  BANK_QUESTION_OPEN: {
    en: '    question {questionId} of {askedAt}, open: {text}',
    'zh-CN': '    {askedAt} 的问题 {questionId},待答复:{text}',
  },
  BANK_QUESTION_ANSWERED: {
    en: '    question {questionId} of {askedAt}: {text} – answered: {answer}',
    'zh-CN': '    {askedAt} 的问题 {questionId}:{text} – 已答复:{answer}',
  },
  BANK_WAITS_FOR: { en: '  waits for {org}: {what}', 'zh-CN': '  等待 {org}:{what}' },
  BANK_WAIT_NODE: { en: 'its node to answer', 'zh-CN': '其节点答复' },
  BANK_WAIT_DECISION: { en: 'its decision', 'zh-CN': '其决定' },
  BANK_WAIT_GATE_KEY: { en: 'its key of this request', 'zh-CN': '其公布本请求的密钥' },
  BANK_WAIT_RESUMPTION: { en: 'its suspension to be lifted', 'zh-CN': '其解除中止' },
  BANK_WAIT_DOCUMENT: { en: 'the request to be delivered to it', 'zh-CN': '向其送达请求' },
  BANK_WAIT_MODEL: { en: 'the sealed model to be delivered to it', 'zh-CN': '向其送达密封模型' },
  BANK_WAIT_ATTACHMENT: {
    en: 'the attachment {sha256} to be delivered to it',
    'zh-CN': '向其送达附件 {sha256}',
  },
  BANK_WAIT_ANSWER: { en: 'an answer to its question {questionId}', 'zh-CN': '答复其问题 {questionId}' },
  BANK_GRANT_LINE: {
    en: '{org}: {verdict} by the rule {rule}, approvers: {approvers}; {quota} unlockings until {expiresAt}, noise 2^{noise}',
    'zh-CN': '{org}:{verdict},依据规则 {rule},审批人 {approvers} 名;{quota} 次,至 {expiresAt},噪声宽度 2^{noise}',
  },
  BANK_GRANT_NONE: { en: '{org}: {decision}; no grant to show', 'zh-CN': '{org}:{decision};没有可显示的授权' },
  BANK_GRANT_UNREAD: { en: '{org}: the grant could not be read: {code}', 'zh-CN': '{org}:无法读取授权:{code}' },
  BANK_CONDITION_QUALITY: {
    en: '  only while the data scores {floor} basis points or more',
    'zh-CN': '  仅当数据质量不低于 {floor} 个基点时可用',
  },
  BANK_CONDITION_HOURS: { en: '  only at {hours} ({timeZone})', 'zh-CN': '  仅限 {hours}({timeZone})' },
  BANK_CONDITION_WEEKDAYS: {
    en: '  only on weekdays {weekdays} (1 is Monday)',
    'zh-CN': '  仅限星期 {weekdays}(1 为星期一)',
  },
  BANK_CONDITION_CONSENT: { en: '  needs the consent of each subject', 'zh-CN': '  须有每位主体的同意' },
  BANK_CONDITION_CERTIFICATE: { en: '  needs a certificate of the model', 'zh-CN': '  须有模型证书' },
  BANK_CHECK_SIGNED: { en: '  signed with its key on chain', 'zh-CN': '  以其链上密钥签署' },
  BANK_CHECK_UNSIGNED: { en: '  NOT signed with its key on chain', 'zh-CN': '  并非以其链上密钥签署' },
  BANK_CHECK_OLDER_KEY: {
    en: '  signed with an earlier key; whether that holds is not checked here',
    'zh-CN': '  以其早先的密钥签署,此处未验证该签名',
  },
  BANK_CHECK_HASH: { en: '  is the grant whose hash stands on chain', 'zh-CN': '  与链上的授权哈希一致' },
  BANK_CHECK_OTHER_HASH: { en: '  is NOT the grant whose hash stands on chain', 'zh-CN': '  与链上的授权哈希不一致' },
  BANK_CHECK_NO_HASH: {
    en: '  has no hash on chain, which counts owners only',
    'zh-CN': '  链上没有其哈希:链上只登记数据方的决定',
  },
  BANK_CHECK_SCOPE: {
    en: '  is about this request, its data, quota, term and noise',
    'zh-CN': '  与本请求的数据、配额、期限和噪声一致',
  },
  BANK_CHECK_OTHER_SCOPE: {
    en: '  is about something else than this request',
    'zh-CN': '  与本请求的内容不一致',
  },
  BANK_WITHDRAWN: { en: 'Request {requestId} is taken back.', 'zh-CN': '请求 {requestId} 已撤回。' },
  BANK_COMPLETED: {
    en: 'Request {requestId} was in use and is ended; the gates erase its keys.',
    'zh-CN': '请求 {requestId} 已在使用,现予结束;各闸口将删除其密钥。',
  },
  BANK_ANSWERED: {
    en: 'The answer to question {questionId} is with {org}.',
    'zh-CN': '对问题 {questionId} 的答复已送达 {org}。',
  },
  BANK_COMPUTE_PROGRESS: { en: '{percent} % of the sealed table received', 'zh-CN': '已收到密封结果表的 {percent} %' },
  BANK_COMPUTED: {
    en: 'Request {requestId}: the sealed table of {people} subjects is here (computation {computationId}).',
    'zh-CN': '请求 {requestId}:已收到 {people} 个主体的密封结果表(计算 {computationId})。',
  },
  BANK_UNLOCK_PROGRESS: { en: '{done} of {of} subjects opened', 'zh-CN': '已打开 {done}/{of} 个主体' },
  BANK_UNLOCK_OWN_FEATURES: {
    en: "The model has {own} features of the bank's own; their part is not in the scores that were written.",
    'zh-CN': '模型含本行自有特征 {own} 个;所写评分不含这一部分。',
  },
  BANK_UNLOCKED: {
    en: '{scored} scored, {notInRegister} not in the register; {used} of {quota} unlockings counted on chain so far',
    'zh-CN': '已评分 {scored},不在基础库中 {notInRegister};链上目前计数 {used}/{quota}',
  },
} as const;
