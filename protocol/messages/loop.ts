/** Messages of the quality loop: runs, work orders, points, schedules; see catalogue.ts. */
export const loopMessages = {
  CALENDAR_EXHAUSTED: {
    en: 'The calendar of the quality plan has no {workingDays} working days within ten years.',
    'zh-CN': '质量计划的工作日历在十年内找不到 {workingDays} 个工作日。',
  },
  WORK_ORDER_STATE: {
    en: 'Work order {orderId} is {state}; from there it cannot become {wanted}.',
    'zh-CN': '工单 {orderId} 的状态为 {state},不能转为 {wanted}。',
  },
  WORK_ORDER_UNKNOWN: {
    en: 'There is no work order {orderId} here.',
    'zh-CN': '本节点没有工单 {orderId}。',
  },
  WORK_ORDER_AMBIGUOUS: {
    en: '{orderId} begins the ids of {count} work orders; write more of it.',
    'zh-CN': '有 {count} 个工单的编号以 {orderId} 开头;请写得更长一些。',
  },
  WORK_ORDER_SAME_PERSON: {
    en: 'Who rejected work order {orderId} cannot also accept the rejection; a second person has to.',
    'zh-CN': '驳回工单 {orderId} 的人不能同时确认该驳回;须由另一人确认。',
  },
  WORK_ORDER_ROWS_LOST: {
    en: 'The list of rows of work order {orderId} cannot be read; run the rules again to make a new one.',
    'zh-CN': '无法读取工单 {orderId} 的行清单;请重新运行规则以生成。',
  },
  QUALITY_UNITS: {
    en: 'The column of units has {units} different cells among the failing rows; at most {limit} are taken for units.',
    'zh-CN': '单位列在未通过的行中有 {units} 个不同取值;最多按 {limit} 个单位处理。',
  },
  QUALITY_COLUMN_UNKNOWN: {
    en: 'The quality plan names the column "{field}", which the dataset does not have.',
    'zh-CN': '质量计划引用的列“{field}”在数据集中不存在。',
  },
  WORK_ORDER_COLUMN_ROW: { en: 'row', 'zh-CN': '行号' },
  WORK_ORDER_COLUMN_REASON: { en: 'why it fails', 'zh-CN': '未通过原因' },
  SCHEDULE_INVALID: {
    en: 'The schedule of {dataset} is no cron expression, or never comes due.',
    'zh-CN': '{dataset} 的定时表达式不是有效的 cron 表达式,或永远不会触发。',
  },
  QUALITY_PLAN_UNKNOWN: {
    en: 'The configuration has no quality plan for the dataset "{dataset}".',
    'zh-CN': '配置中没有数据集“{dataset}”的质量计划。',
  },
  QUALITY_DATASET_MISMATCH: {
    en: 'The rule set is about "{found}", the quality plan about "{dataset}".',
    'zh-CN': '规则集针对“{found}”,而质量计划针对“{dataset}”。',
  },
  QUALITY_RUN_BUSY: {
    en: 'The rules of {dataset} are running already; wait for that run to end.',
    'zh-CN': '{dataset} 的规则正在运行;请等待其结束。',
  },
  QUALITY_RULES_CHANGED: {
    en: 'The rule set of {dataset} was changed while or after it ran; nothing was recorded. Run it again.',
    'zh-CN': '{dataset} 的规则集在运行期间或之后被修改;未作任何记录。请重新运行。',
  },
  DATASET_NOT_OFFERED: {
    en: 'The node publishes no version of "{dataset}" now.',
    'zh-CN': '本节点目前没有发布“{dataset}”的任何版本。',
  },
  QUALITY_REPORT_UNKNOWN: {
    en: 'There is no such report of {dataset} here; run its rules first.',
    'zh-CN': '本节点没有 {dataset} 的该份报告;请先运行规则。',
  },
  QUALITY_PROGRESS: { en: 'rules: step {done} of {total}', 'zh-CN': '规则:第 {done} 步,共 {total} 步' },
  ADMIN_QUALITY_RUN: { en: 'Runs the rules of a dataset and records its score', 'zh-CN': '运行数据集规则并记录得分' },
  ADMIN_QUALITY_CHECK: { en: 'Runs the rules of a dataset and records nothing', 'zh-CN': '试运行数据集规则,不作记录' },
  ADMIN_QUALITY_REPORT: { en: 'A report, as JSON and as a page', 'zh-CN': '质量报告(JSON 与网页)' },
  ADMIN_QUALITY_HISTORY: { en: 'Scores over time', 'zh-CN': '历次得分' },
  ADMIN_QUALITY_RANKING: { en: 'Datasets or units by their latest scores', 'zh-CN': '按最新得分的数据集或单位排名' },
  ADMIN_QUALITY_POINTS: { en: 'Points and what they were given for', 'zh-CN': '积分及其由来' },
  ADMIN_QUALITY_SCHEDULE: { en: 'When rules run by themselves', 'zh-CN': '规则的定时运行' },
  ADMIN_ORDER_LIST: { en: 'Work orders', 'zh-CN': '整改工单列表' },
  ADMIN_ORDER_SHOW: { en: 'A work order with its rows and reasons', 'zh-CN': '工单详情:行号与原因' },
  ADMIN_ORDER_ASSIGN: { en: 'Gives a work order to a person', 'zh-CN': '派发工单' },
  ADMIN_ORDER_FIX: { en: 'Says that the rows of a work order are repaired', 'zh-CN': '声明工单所列行已整改' },
  ADMIN_ORDER_REJECT: { en: 'Rejects a work order, with a reason', 'zh-CN': '驳回工单并说明原因' },
  ADMIN_ORDER_ACCEPT: { en: 'Takes the rejection of a work order', 'zh-CN': '确认工单的驳回' },
  ADMIN_ORDER_DECLINE: { en: 'Does not take the rejection of a work order', 'zh-CN': '不同意工单的驳回' },
  ADMIN_ORDER_RETEST: { en: 'Tests the rows of a work order again', 'zh-CN': '复测工单所列行' },
  ADMIN_ORDER_EXPORT: {
    en: 'Writes the rows of a work order to a file beside the node',
    'zh-CN': '将工单所列行写入节点本地文件',
  },
  QUALITY_USAGE: {
    en: `usage: sealedger-node quality VERB …  --config FILE [--by PERSON] [--json] [--lang en|zh-CN] [--out FILE]
  run DATASET [--sample ROWS]        run the rules and record the score
  check DATASET [--sample ROWS]      run the rules and record nothing
  rules FILE                         check a rule file; needs no node
  report DATASET [--report HASH] [--format html]
  dqv DATASET [--report HASH]        a report as W3C DQV (JSON-LD)
  history [DATASET]                  scores over time
  ranking [--of datasets|units] [--dataset DATASET]
  points [DATASET]                   points and what they were given for
  schedule                           when rules run by themselves`,
    'zh-CN': `用法:sealedger-node quality 动作 … --config 文件 [--by 人员] [--json] [--lang en|zh-CN] [--out 文件]
  run 数据集 [--sample 行数]         运行规则并记录得分
  check 数据集 [--sample 行数]       试运行规则,不作记录
  rules 文件                         检查规则文件,无需节点
  report 数据集 [--report 摘要] [--format html]
  dqv 数据集 [--report 摘要]         W3C DQV(JSON-LD)
  history [数据集]                   历次得分
  ranking [--of datasets|units] [--dataset 数据集]
  points [数据集]                    积分及其由来
  schedule                           定时运行`,
  },
  WORK_ORDER_USAGE: {
    en: `usage: sealedger-node workorder VERB … --config FILE --by PERSON [--json] [--lang en|zh-CN] [--out FILE]
  list [--dataset DATASET] [--unit UNIT] [--state STATE|overdue]
  show ORDER [--rows N]              rows and reasons
  assign ORDER --to PERSON
  fix ORDER [--note TEXT]            its rows are repaired at the source
  reject ORDER --reason value-is-right|rule-is-wrong|not-our-data|cannot-be-known [--note TEXT]
  close ORDER                        take a rejection, as a second person
  reopen ORDER                       do not take it
  retest ORDER                       test what changed; closes the order where all passes
  export ORDER [--out FILE]          its rows as CSV for the source unit`,
    'zh-CN': `用法:sealedger-node workorder 动作 … --config 文件 --by 人员 [--json] [--lang en|zh-CN] [--out 文件]
  list [--dataset 数据集] [--unit 单位] [--state 状态|overdue]
  show 工单 [--rows 行数]            行号与原因
  assign 工单 --to 人员              派发
  fix 工单 [--note 说明]             声明已在源头整改
  reject 工单 --reason value-is-right|rule-is-wrong|not-our-data|cannot-be-known [--note 说明]
  close 工单                         由另一人确认驳回
  reopen 工单                        不同意驳回
  retest 工单                        复测已变更的行;全部通过即办结
  export 工单 [--out 文件]           导出所列行供来源单位整改(CSV)`,
  },
  QUALITY_RULES_FINE: {
    en: '{ruleSet}, version {version}, {rules} rules on {dataset}; digest {hash}',
    'zh-CN': '{ruleSet} 第 {version} 版,针对 {dataset} 的 {rules} 条规则;摘要 {hash}',
  },
  WORK_ORDER_RETESTED: {
    en: '{testedRows} of {sourceRows} rows tested with {rulesRun} of {rulesInSet} rules; of the order’s {listed} rows {unchanged} unchanged, {changed} changed, {gone} gone',
    'zh-CN':
      '以 {rulesInSet} 条规则中的 {rulesRun} 条复测了 {sourceRows} 行中的 {testedRows} 行;工单 {listed} 行中:未改 {unchanged},已改 {changed},已不存在 {gone}',
  },
  WORK_ORDER_EXPORTED: {
    en: '{exported} rows written to {file}; {missing} of the order are in the source no more',
    'zh-CN': '已将 {exported} 行写入 {file};工单中有 {missing} 行已不在数据源中',
  },
  POINTS_LEVEL: { en: 'level of the score', 'zh-CN': '得分等级' },
  POINTS_IMPROVEMENT: { en: 'improvement', 'zh-CN': '得分提升' },
  POINTS_CLOSED_IN_TIME: { en: 'work order closed in time', 'zh-CN': '工单按期办结' },
  POINTS_OVERDUE: { en: 'work order overdue', 'zh-CN': '工单逾期' },
  POINTS_RULE: { en: 'by the rule with digest {hash}', 'zh-CN': '所依规则的摘要:{hash}' },
  SCHEDULE_MISSED: { en: '{missed} missed', 'zh-CN': '错过 {missed} 次' },
  QUALITY_HISTORY_DIFFERS: {
    en: 'What the owner says of version {version}, round {round}, is not what the chain has ({part}).',
    'zh-CN': '数据方所述第 {version} 版第 {round} 轮得分与链上记录不符({part})。',
  },
} as const;
