/** Messages of the area `usage`: grants in use, what stops them, budgets; see catalogue.ts. */
export const usageMessages = {
  GRANT_SUSPENDED: {
    en: 'The use of this grant is suspended. Nothing is lost: it goes on where whoever suspended it lifts that.',
    'zh-CN': '本授权的使用已被暂停。已有进度不会丢失:暂停方解除后即可继续。',
  },
  GRANT_NOT_SUSPENDED: {
    en: 'This organisation has not suspended the use of that request.',
    'zh-CN': '本机构并未暂停该请求的使用。',
  },
  GRANT_MISSING: {
    en: 'This organisation has granted nothing for that request, so nothing is computed or unlocked here.',
    'zh-CN': '本机构未对该请求作出授权,因此不在此计算或解锁。',
  },
  GRANT_MISMATCH: {
    en: 'The grant on chain is not the one that this organisation signed; nothing is computed or unlocked under it.',
    'zh-CN': '链上的授权与本机构签署的授权不一致,不据此计算或解锁。',
  },
  ALERT_UNKNOWN: {
    en: 'No alert {code} of that organisation is kept here.',
    'zh-CN': '此处没有该机构的告警 {code}。',
  },
  BUDGET_EXHAUSTED: {
    en: 'The privacy budget of the {period} for {subjects} data is used up: {spent} of {limit} units are spent and {cost} more are asked for.',
    'zh-CN': '本期({period}){subjects} 数据的隐私预算已用尽:已用 {spent} / {limit} 单位,本次还需 {cost} 单位。',
  },
  GRANT_HOURS: {
    en: 'The grant may not be used at this hour: hours {hours}, weekdays {weekdays} (1 is Monday), time zone {timeZone}.',
    'zh-CN': '当前时间不在授权允许的时段内:时段 {hours},星期 {weekdays}(1 为星期一),时区 {timeZone}。',
  },
  ADMIN_USAGE_SHOW: {
    en: 'What was used of the grants, by day, against quota and budget, and what was refused.',
    'zh-CN': '各授权按日的使用情况,对照配额与预算,以及被拒绝的调用。',
  },
  ADMIN_USAGE_SUSPEND: {
    en: 'Stops the use of a grant at once, here and on chain.',
    'zh-CN': '立即暂停某项授权的使用(本节点与链上)。',
  },
  ADMIN_USAGE_RESUME: {
    en: "Lifts this organisation's own suspension of a grant.",
    'zh-CN': '解除本机构对某项授权的暂停。',
  },
  ADMIN_ALERT_LIST: {
    en: 'Alerts of the node about itself and about the use of grants.',
    'zh-CN': '节点自身及授权使用方面的告警。',
  },
  ADMIN_ALERT_ACK: {
    en: 'Notes that a person looked at an alert.',
    'zh-CN': '记录已有人查看某条告警。',
  },
  USAGE_USAGE: {
    en: 'usage: sealedger-node usage --config FILE [ID] [--days N] [--json] [--lang en|zh-CN]',
    'zh-CN': '用法:sealedger-node usage --config FILE [ID] [--days N] [--json] [--lang en|zh-CN]',
  },
  USAGE_NONE: {
    en: 'Nothing was used of any grant.',
    'zh-CN': '尚无任何授权被使用。',
  },
  USAGE_GRANT: {
    en: 'Request {request} of {requester} ({subjects}): {state}',
    'zh-CN': '{requester} 的请求 {request}({subjects}):{state}',
  },
  USAGE_QUOTA: {
    en: '  used {used} of {quota}, {left} left',
    'zh-CN': '  配额 {quota},已用 {used},剩余 {left}',
  },
  USAGE_BUDGET: {
    en: '  budget of this {period}: {spent} of {limit} units',
    'zh-CN': '  本{period}预算:已用 {spent} / {limit} 单位',
  },
  USAGE_SUSPENDED: {
    en: '  suspended here since {at}: {reason} {note}',
    'zh-CN': '  自 {at} 起由本机构暂停:{reason} {note}',
  },
  USAGE_PERSON: { en: 'persons', 'zh-CN': '自然人' },
  USAGE_ENTERPRISE: { en: 'enterprises', 'zh-CN': '企业' },
  USAGE_PERIOD_DAY: { en: 'day', 'zh-CN': '日' },
  USAGE_PERIOD_MONTH: { en: 'month', 'zh-CN': '月' },
  USAGE_PERIOD_QUARTER: { en: 'quarter', 'zh-CN': '季度' },
  USAGE_PERIOD_YEAR: { en: 'year', 'zh-CN': '年' },
  USAGE_STATE_UNKNOWN: { en: 'the chain does not answer', 'zh-CN': '链无应答' },
  USAGE_DAY: { en: 'day', 'zh-CN': '日期' },
  USAGE_COUNT: { en: 'count', 'zh-CN': '次数' },
  USAGE_CALLS: { en: 'calls', 'zh-CN': '调用' },
  USAGE_COST: { en: 'units', 'zh-CN': '预算单位' },
  USAGE_REFUSED: { en: 'refused with', 'zh-CN': '拒绝原因' },
  SUSPEND_USAGE: {
    en: 'usage: sealedger-node suspend ID --reason TEXT --by PERSON --config FILE | suspend ID --resume --by PERSON --config FILE',
    'zh-CN':
      '用法:sealedger-node suspend ID --reason 原因 --by 人员 --config FILE | suspend ID --resume --by 人员 --config FILE',
  },
  SUSPEND_DONE: {
    en: 'The use of request {request} is suspended.',
    'zh-CN': '请求 {request} 的使用已暂停。',
  },
  RESUME_DONE: {
    en: 'The suspension of request {request} by this organisation is lifted.',
    'zh-CN': '本机构对请求 {request} 的暂停已解除。',
  },
  ALERT_USAGE: {
    en: 'usage: sealedger-node alert list [--scope standing|all] --config FILE | alert ack CODE ORGANISATION --by PERSON --config FILE',
    'zh-CN':
      '用法:sealedger-node alert list [--scope standing|all] --config FILE | alert ack 代码 机构 --by 人员 --config FILE',
  },
  ALERT_NONE: { en: 'No alert stands.', 'zh-CN': '当前没有告警。' },
  ALERT_CODE: { en: 'alert', 'zh-CN': '告警' },
  ALERT_ORG: { en: 'organisation', 'zh-CN': '机构' },
  ALERT_REQUEST: { en: 'request', 'zh-CN': '请求' },
  ALERT_SINCE: { en: 'since', 'zh-CN': '起始时间' },
  ALERT_ACKNOWLEDGED: { en: 'acknowledged', 'zh-CN': '已确认' },
} as const;
