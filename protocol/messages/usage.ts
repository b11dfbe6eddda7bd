/** Messages of the area `usage`: grants in use, what stops them, budgets; see catalogue.ts. */
export const usageMessages = {
  GRANT_SUSPENDED: {
    en: 'The use of this grant is suspended. Nothing is lost: it goes on where whoever suspended it lifts that.',
    'zh-CN': '本授权的使用已被暂停。已有进度不会丢失:暂停方解除后即可继续。',
  },
  GRANT_HOURS: {
    en: 'The grant may not be used at this hour: hours {hours}, weekdays {weekdays} (1 is Monday), time zone {timeZone}.',
    'zh-CN': '当前时间不在授权允许的时段内:时段 {hours},星期 {weekdays}(1 为星期一),时区 {timeZone}。',
  },
} as const;
