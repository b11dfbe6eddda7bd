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
} as const;
