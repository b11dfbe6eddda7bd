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
} as const;
