/** Messages of proposed repairs: why a value is proposed, and what can go wrong with a proposal; see catalogue.ts. */
const reasons = {
  REPAIR_CONSENSUS: {
    en: 'The other rows that share what decides {field} hold this value ({share} % of what they say; rule {rule}).',
    'zh-CN': '决定字段“{field}”的内容相同的其他行均为此值(占其意见的 {share}%;规则 {rule})。',
  },
  REPAIR_DEPENDENCY: {
    en: '{field} depends on other fields, and most rows with the same ones hold this value ({share} %; rule {rule}).',
    'zh-CN': '“{field}”由其他字段决定,相同情形的行大多为此值({share}%;规则 {rule})。',
  },
  REPAIR_REFERENCE: {
    en: 'The reference table has exactly one entry for the other fields of the row, and it says this for {field} (rule {rule}).',
    'zh-CN': '参照表中与该行其他字段相符的条目只有一条,其“{field}”为此值(规则 {rule})。',
  },
  REPAIR_CHECK_DIGIT: {
    en: 'One usual slip explains why the check digit of {field} fails, and only this text passes without it (rule {rule}).',
    'zh-CN': '“{field}”校验不通过可由一处常见笔误解释,改正后只有此文本能通过校验(规则 {rule})。',
  },
  REPAIR_FORMAT: {
    en: 'The same value of {field} in the form that rule {rule} asks for.',
    'zh-CN': '与“{field}”现值相同,但写成规则 {rule} 要求的格式。',
  },
  REPAIR_RULE: {
    en: 'Rule {rule} says how to find the value of {field} in such a row.',
    'zh-CN': '规则 {rule} 规定了此类行中“{field}”的取值方法。',
  },
  REPAIR_CODE_LIST: {
    en: 'The only code of the list of rule {rule} that is near to what {field} holds ({share} % alike).',
    'zh-CN': '规则 {rule} 的代码表中唯一与“{field}”现值相近的代码(相似度 {share}%)。',
  },
  REPAIR_TYPO: {
    en: '{field} holds a rare text that is nearly this frequent one (rule {rule}).',
    'zh-CN': '“{field}”的现值罕见,且与此常见文本几乎相同(规则 {rule})。',
  },
} as const;

export type RepairReason = keyof typeof reasons;

export const repairMessages = {
  ...reasons,
  REPAIR_FAILED: {
    en: 'Repairs of {dataset} could not be proposed: the data could not be read to the end.',
    'zh-CN': '未能为 {dataset} 生成修复建议:数据未能读取完毕。',
  },
  REPAIR_UNKNOWN: {
    en: 'There is no proposed repair {repairId} here.',
    'zh-CN': '本节点没有修复建议 {repairId}。',
  },
  REPAIR_DECIDED: {
    en: 'Repair {repairId} was {decision} already; a decision stays.',
    'zh-CN': '修复建议 {repairId} 已作出决定({decision}),不能更改。',
  },
  REPAIR_STALE: {
    en: '{count} accepted repairs are void: the cells changed since. Run the rules again.',
    'zh-CN': '{count} 条已接受的修复建议已失效:单元格此后有变动。请重新运行规则。',
  },
} as const;
