/** Why a row or a dataset fails a quality rule, as those who repair it read it; see catalogue.ts. */
export const qualityReasonMessages = {
  ROW_CELL_MISSING: { en: '{fields} is empty.', 'zh-CN': '“{fields}”为空。' },
  ROW_CELL_TYPE: { en: '{fields} is no {type}.', 'zh-CN': '“{fields}”不是 {type} 类型。' },
  ROW_CELL_PATTERN: { en: '{fields} is not in the prescribed form.', 'zh-CN': '“{fields}”不符合规定的格式。' },
  ROW_CELL_CODE: { en: '{fields} is not in the code list.', 'zh-CN': '“{fields}”不在代码表中。' },
  ROW_CELL_RANGE: { en: '{fields} is not between {min} and {max}.', 'zh-CN': '“{fields}”不在 {min} 至 {max} 之间。' },
  ROW_CELL_LENGTH: {
    en: '{fields} has not between {min} and {max} characters.',
    'zh-CN': '“{fields}”的长度不在 {min} 至 {max} 个字符之间。',
  },
  ROW_KEY_DOUBLED: { en: 'Another row has the same {fields}.', 'zh-CN': '另有一行的“{fields}”与本行相同。' },
  ROW_REFERENCE_UNKNOWN: {
    en: '{fields} does not occur in the table {table}.',
    'zh-CN': '“{fields}”在对照表 {table} 中不存在。',
  },
  ROW_DEPENDENCY: {
    en: '{fields} differs from other rows with the same {determinant}.',
    'zh-CN': '“{determinant}”相同的各行中,“{fields}”不一致。',
  },
  ROW_EXPRESSION: { en: 'The condition of rule {rule} does not hold.', 'zh-CN': '不满足规则 {rule} 的条件。' },
  ROW_CONDITIONAL: {
    en: 'The case of rule {rule} applies, and what it then asks for does not hold.',
    'zh-CN': '符合规则 {rule} 的前提,但不满足其要求。',
  },
  ROW_CHECK_DIGIT: {
    en: '{fields} is no valid {kind}: form or check digit is wrong.',
    'zh-CN': '“{fields}”不是有效的 {kind}:格式或校验码有误。',
  },
  ROW_DATE_ORDER: { en: 'The dates {fields} are not in this order.', 'zh-CN': '日期“{fields}”的先后顺序有误。' },
  ROW_LATE: { en: '{fields} is older than {days} days.', 'zh-CN': '“{fields}”已超过 {days} 天。' },
  ROW_ENTITY_DOUBLED: {
    en: 'Another row seems to be the same entity by {fields}.',
    'zh-CN': '按“{fields}”判断,另有一行疑为同一主体。',
  },
  ROW_CONSENSUS: {
    en: '{fields} contradicts the other rows that belong to it.',
    'zh-CN': '“{fields}”与相关各行矛盾。',
  },
  ROW_TYPO: { en: '{fields} seems to be misspelt.', 'zh-CN': '“{fields}”疑有错字。' },
  ROW_SQL: { en: 'Rule {rule} finds fault with this row.', 'zh-CN': '规则 {rule} 判定本行有误。' },
  DATASET_LATE: {
    en: 'The dataset was last brought up to date more than {days} days ago.',
    'zh-CN': '数据集已超过 {days} 天未更新。',
  },
  DATASET_ROW_COUNT: {
    en: 'The number of rows changed by more than {percent} % since the version before.',
    'zh-CN': '行数较上一版本变化超过 {percent}%。',
  },
  DATASET_DISTRIBUTION: {
    en: 'The distribution of {fields} moved since the version before: its index is above {limit}.',
    'zh-CN': '“{fields}”的分布较上一版本发生偏移,PSI 超过 {limit}。',
  },
} as const;
