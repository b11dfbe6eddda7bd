/** Messages of proposed repairs: why a value is proposed, and what can go wrong with a proposal; see catalogue.ts. */
const reasons = {
  REPAIR_CONSENSUS: {
    en: 'The other rows that share what decides {field} hold this value ({share} % of what they say; rule {rule}).',
    'zh-CN': '决定字段“{field}”的内容相同的其他行均为此值(占其意见的 {share}%;规则 {rule})。',
  },
  REPAIR_SOURCES: {
    en: 'The sources of {field}, weighed by how reliable they are, agree on this value ({share} % of their votes; rule {rule}).',
    'zh-CN': '“{field}”的各来源按可靠程度加权后一致认为是此值(占 {share}% 的票数;规则 {rule})。',
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
  REPAIR_WORD: {
    en: '{field} holds words that are rare and nearly a frequent one; this is the text with those instead (rule {rule}). Look at its other words too.',
    'zh-CN': '“{field}”中有罕见且与常见词几乎相同的词,此为替换后的文本(规则 {rule})。请同时核对其余词语。',
  },
} as const;

export type RepairReason = keyof typeof reasons;

export const repairMessages = {
  ...reasons,
  REPAIR_FAILED: {
    en: 'Rule {rule} could not propose repairs of {field}: what it says fails on some rows.',
    'zh-CN': '规则 {rule} 未能为“{field}”生成修复建议:其表达式在部分行上执行失败。',
  },
  REPAIR_PATCH_UNWRITABLE: {
    en: 'The patch file {file} cannot be written, or is there already.',
    'zh-CN': '无法写入补丁文件 {file},或该文件已存在。',
  },
  REPAIR_UNKNOWN: {
    en: 'There is no proposed repair {repairId} here.',
    'zh-CN': '本节点没有修复建议 {repairId}。',
  },
  REPAIR_DECIDED: {
    en: 'Repair {repairId} is {state} already; a decision stays.',
    'zh-CN': '修复建议 {repairId} 的状态已为 {state},决定不能更改。',
  },
} as const;
