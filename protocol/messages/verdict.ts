/** What the verifier says to a person around its claims: verdict, headings, what was checked; see catalogue.ts. */
export const verdictMessages = {
  VERDICT_HOLDS: { en: 'HOLDS', 'zh-CN': '成立' },
  VERDICT_FAILS: { en: 'DOES NOT HOLD', 'zh-CN': '不成立' },
  VERDICT_UNDECIDED: { en: 'NOT DECIDED', 'zh-CN': '未定' },
  VERDICT_UNREADABLE: { en: 'CANNOT BE READ', 'zh-CN': '无法读取' },
  VERDICT_HOLDS_MEANS: {
    en: 'Everything that a file can show was checked and is in order. What no file can show stands below.',
    'zh-CN': '凡文件所能证明的内容均已核验无误;文件无法证明的事项见下。',
  },
  VERDICT_FAILS_MEANS: {
    en: 'Do not rely on this file: at least one claim fails. It was changed, or it is not of the chain that you trust.',
    'zh-CN': '请勿采信本文件:至少一项核验未通过。文件可能被改动,或不属于您所信任的链。',
  },
  VERDICT_UNDECIDED_MEANS: {
    en: 'Nothing is wrong so far, but something could not be checked with what is at hand.',
    'zh-CN': '目前未发现错误,但凭现有材料有内容无法核验。',
  },
  VERDICT_UNREADABLE_MEANS: {
    en: 'Do not rely on this file: it is no evidence bundle, or no longer one.',
    'zh-CN': '请勿采信本文件:它不是证据包,或已遭损坏。',
  },
  SUBJECT_REQUEST: { en: 'The life of request {id}; it is {phase}.', 'zh-CN': '请求 {id} 的全过程;状态:{phase}。' },
  SUBJECT_BATCH: {
    en: 'Batch {batch} of the results of {org} under request {id}; it is {phase}.',
    'zh-CN': '请求 {id} 下 {org} 的第 {batch} 批结果;请求状态:{phase}。',
  },
  SUBJECT_VERSION: {
    en: 'Dataset version {id}: its publication and {scores} quality scores; the newest is {score}.',
    'zh-CN': '数据集版本 {id}:其发布与 {scores} 次质量评分;最新得分 {score}。',
  },
  SUBJECT_NO_SCORE: { en: 'none', 'zh-CN': '无' },
  PHASE_UNKNOWN: { en: 'unknown', 'zh-CN': '未知' },
  PHASE_SUBMITTED: { en: 'submitted', 'zh-CN': '已提交' },
  PHASE_ACTIVE: { en: 'active', 'zh-CN': '生效中' },
  PHASE_REJECTED: { en: 'rejected', 'zh-CN': '已拒绝' },
  PHASE_REVOKED: { en: 'revoked', 'zh-CN': '已撤销' },
  PHASE_WITHDRAWN: { en: 'withdrawn', 'zh-CN': '已撤回' },
  PHASE_COMPLETED: { en: 'completed', 'zh-CN': '已完成' },
  PHASE_EXPIRED: { en: 'expired', 'zh-CN': '已到期' },
  PHASE_SUSPENDED: { en: 'suspended', 'zh-CN': '已暂停' },
  PHASE_SUPERSEDED: { en: 'replaced by a later request', 'zh-CN': '已被后续请求取代' },
  EXTENT: {
    en: '{events} signed events of {orgs} organisations, {blocks} blocks of chain {chain}, from {from} to {to}.',
    'zh-CN': '{orgs} 家机构的 {events} 条签名事件,链 {chain} 的 {blocks} 个区块,时间 {from} 至 {to}。',
  },
  EXTENT_EMPTY: {
    en: '{blocks} blocks of chain {chain}; no event.',
    'zh-CN': '链 {chain} 的 {blocks} 个区块;无事件。',
  },
  WITHHELD_NONE: { en: 'No field is withheld.', 'zh-CN': '没有字段被隐去。' },
  WITHHELD_SOME: { en: '{count} fields are withheld: {fields}.', 'zh-CN': '有 {count} 个字段被隐去:{fields}。' },
  HEAD_FAILS: { en: 'What fails', 'zh-CN': '未通过的核验' },
  HEAD_OPEN: { en: 'What could not be checked here', 'zh-CN': '此处无法核验的内容' },
  HEAD_BEYOND: { en: 'What no file can show, or was left out on purpose', 'zh-CN': '文件无法证明或有意略去的内容' },
  HEAD_HOLDS: { en: 'What was checked and holds', 'zh-CN': '已核验且成立的内容' },
  ABOUT_MORE: { en: 'and {count} more', 'zh-CN': '等另外 {count} 项' },
} as const;
