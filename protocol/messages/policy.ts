/** Messages of policies and of decisions by them and by persons; see catalogue.ts. */
export const policyMessages = {
  POLICY_TIME_ZONES: {
    en: 'Hours and weekdays of one grant are meant in different time zones ({zones}); policies for datasets of one request must name the same.',
    'zh-CN': '同一授权中的时段与星期所用时区不同({zones});同一申请涉及的数据集,其策略必须采用同一时区。',
  },
  POLICY_UNREADABLE: {
    en: 'The policy {file} cannot be used: {reason}.',
    'zh-CN': '策略文件 {file} 无法使用:{reason}。',
  },
  POLICY_TWICE: {
    en: 'Two policies of this node are called {policy}.',
    'zh-CN': '本节点有两份策略同名:{policy}。',
  },
  POLICY_SAMPLE: {
    en: 'Sample {sample} of {file} states no usable value for {fact}, which has no usual one.',
    'zh-CN': '{file} 中的样例 {sample} 没有给出 {fact} 的有效值,而该项没有默认值。',
  },
  POLICY_LIMIT: {
    en: 'At most {limit} policies are put in force by persons; remove one first.',
    'zh-CN': '人工启用的策略最多 {limit} 份;请先停用一份。',
  },
  POLICY_NONE: {
    en: 'No policy is in force: every request goes to a person.',
    'zh-CN': '没有现行策略:所有申请均转人工决定。',
  },
  POLICY_APPLIED_BY: { en: 'put in force by {actor}', 'zh-CN': '由 {actor} 启用' },
  POLICY_OTHERWISE: {
    en: 'otherwise: {otherwise}; hours and weekdays in {timeZone}',
    'zh-CN': '其余情形:{otherwise};时段与星期按 {timeZone}',
  },
  POLICY_TESTED: {
    en: '{total} samples, {wrong} answered otherwise than expected.',
    'zh-CN': '共 {total} 个样例,{wrong} 个与预期不符。',
  },
  POLICY_WORD_PERMISSION: { en: 'permission', 'zh-CN': '许可' },
  POLICY_WORD_PROHIBITION: { en: 'prohibition', 'zh-CN': '禁止' },
  POLICY_WORD_SAMPLE: { en: 'Sample', 'zh-CN': '样例' },
  POLICY_WORD_DECISION: { en: 'Decision', 'zh-CN': '决定' },
  POLICY_WORD_EXPECTED: { en: 'Expected', 'zh-CN': '预期' },
  POLICY_USAGE: {
    en: `usage: sealedger-node policy VERB [--json] [--lang en|zh-CN]
  show [POLICY]                      a file's policy; without one those in force (--config FILE)
  check POLICY…                      whether files are policies of this version
  test POLICY --requests FILE|DIR    runs it against sample requests; exit 1 where one is answered otherwise
  schema [--out FILE]                JSON Schema, for editors
  draft [--requesters A,B] [--purposes P,Q] [--datasets D,E] [--quota N] [--days N] [--otherwise ask|reject] [--name NAME]
  apply POLICY --config FILE --by PERSON     puts it in force at the running node
  remove UID --config FILE --by PERSON       takes that back`,
    'zh-CN': `用法:sealedger-node policy 动作 [--json] [--lang en|zh-CN]
  show [策略文件]                     显示文件中的策略;不给文件则显示现行策略(--config 文件)
  check 策略文件…                     检查文件是否为本版本的策略
  test 策略文件 --requests 文件|目录   用样例申请测试;与预期不符时退出码为 1
  schema [--out 文件]                 输出 JSON Schema,供编辑器使用
  draft [--requesters A,B] [--purposes P,Q] [--datasets D,E] [--quota N] [--days N] [--otherwise ask|reject] [--name 名称]
  apply 策略文件 --config 文件 --by 人员    在运行中的节点启用
  remove UID --config 文件 --by 人员        停用`,
  },
} as const;
