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
  ADMIN_REPAIR_PROPOSE: { en: 'Propose repairs of failing cells', 'zh-CN': '为未通过的单元格生成修复建议' },
  ADMIN_REPAIR_LIST: { en: 'Proposed repairs', 'zh-CN': '修复建议列表' },
  ADMIN_REPAIR_DECIDE: { en: 'Accept or refuse proposed repairs', 'zh-CN': '接受或拒绝修复建议' },
  ADMIN_REPAIR_PATCH: { en: 'Write accepted repairs as a patch file', 'zh-CN': '将已接受的修复导出为补丁文件' },
  REPAIR_PROPOSED: {
    en: '{dataset}: {failing} failing cells, {proposed} repairs proposed, {open} of them wait for a decision.',
    'zh-CN': '{dataset}:{failing} 个单元格未通过,提出修复建议 {proposed} 条,其中 {open} 条待决定。',
  },
  REPAIR_DECIDED_COUNT: { en: '{count} repairs {state}.', 'zh-CN': '{count} 条修复建议已处理:{state}。' },
  REPAIR_PATCHED: {
    en: '{written} repairs written to {file}; {void} are void (the cell changed), {applied} are in the source already.',
    'zh-CN': '已将 {written} 条修复写入 {file};{void} 条失效(单元格已变动),{applied} 条源数据已更正。',
  },
  REPAIR_ID: { en: 'Repair', 'zh-CN': '修复建议' },
  REPAIR_USAGE: {
    en: `usage: sealedger-node repair VERB … --config FILE [--by PERSON] [--json] [--lang en|zh-CN] [--out FILE]
  propose DATASET                    run the rules and propose values for failing cells
  list DATASET [--state open|accepted|refused|void|applied] [--rows N]
  accept DATASET REPAIR …            by id
  refuse DATASET REPAIR …
  patch DATASET [--out FILE]         accepted repairs for the source; nothing is applied`,
    'zh-CN': `用法:sealedger-node repair 动作 … --config 文件 [--by 人员] [--json] [--lang en|zh-CN] [--out 文件]
  propose 数据集                     运行规则,为未通过的单元格提出建议值
  list 数据集 [--state open|accepted|refused|void|applied] [--rows 条数]
  accept 数据集 建议编号 …           接受
  refuse 数据集 建议编号 …           拒绝
  patch 数据集 [--out 文件]          导出已接受的修复供源头更正;系统不自动改动数据`,
  },
} as const;
