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
  WORK_ORDER_PERSON_NEEDED: {
    en: 'A person answers for this step: name one with --by.',
    'zh-CN': '此步骤须有人负责:请用 --by 指明。',
  },
} as const;
