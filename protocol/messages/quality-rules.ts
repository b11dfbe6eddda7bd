/** Messages of quality rules: rule files, their run, and why a cell or row failed; see catalogue.ts. */
export const qualityRuleMessages = {
  RULE_SET_INVALID: {
    en: '{file}, line {line}: {place}: {reason}',
    'zh-CN': '{file} 第 {line} 行:{place}:{reason}',
  },
  RULE_SET_TOO_LARGE: {
    en: '{file} is larger than {limitBytes} bytes.',
    'zh-CN': '{file} 超过 {limitBytes} 字节。',
  },
  RULE_TABLE_INVALID: {
    en: 'The table file {file} of the rule set cannot be used, line {line}: {reason}.',
    'zh-CN': '规则集的对照表文件 {file} 第 {line} 行无法使用:{reason}。',
  },
  RULE_FIELD_UNKNOWN: {
    en: 'Rule {rule} names the field "{field}", which the dataset does not have.',
    'zh-CN': '规则 {rule} 引用了数据集中不存在的字段“{field}”。',
  },
  RULE_SQL_INVALID: {
    en: 'Rule {rule}, {place}, character {position}: not valid SQL ({reason}).',
    'zh-CN': '规则 {rule} 的 {place} 第 {position} 个字符处不是有效的 SQL({reason})。',
  },
  RULE_SQL_FORBIDDEN: {
    en: 'Rule {rule}, {place}: {what} is not allowed in a rule. Rules read the rows of the dataset and of the rule set’s own tables, and nothing else.',
    'zh-CN': '规则 {rule} 的 {place}:规则中不允许使用 {what}。规则只能读取本数据集与规则集自带对照表的行。',
  },
  RULE_RUN_FAILED: {
    en: 'Rule {rule} could not be run to its end: {reason}.',
    'zh-CN': '规则 {rule} 未能执行完毕:{reason}。',
  },
  RULES_NOT_CONFINED: {
    en: 'The rules were not run: the connection to the data is not locked ({setting}).',
    'zh-CN': '规则未执行:数据连接尚未锁定({setting})。',
  },
  RULES_TIMED_OUT: {
    en: 'The rules were stopped after {limitMs} ms. Raise the time limit or check fewer rows.',
    'zh-CN': '规则执行 {limitMs} 毫秒后被终止。请提高时限或减少检查的行数。',
  },
  RULES_OUT_OF_MEMORY: {
    en: 'The rules need more memory or temporary disk space than they are allowed.',
    'zh-CN': '规则所需的内存或临时磁盘空间超过了允许的上限。',
  },
  QUALITY_NOTHING_CHECKED: {
    en: 'None of the {rules} rules applied to any row: there is no score.',
    'zh-CN': '{rules} 条规则均未适用于任何一行,无法评分。',
  },
  ROW_UNKNOWN: {
    en: 'There is no row {row}; the table has {rows}.',
    'zh-CN': '不存在第 {row} 行;该表共有 {rows} 行。',
  },
} as const;
