/** Messages of the area `people`: who answers for a command; see catalogue.ts. */
export const peopleMessages = {
  PERSON_MISSING: {
    en: 'A person answers for this: name one with --by (role {needed}).',
    'zh-CN': '此操作须由人员负责:请用 --by 指明(角色 {needed})。',
  },
  PERSON_UNKNOWN: {
    en: "The node's configuration knows no such person.",
    'zh-CN': '节点配置中没有此人员。',
  },
  PERSON_ROLE: {
    en: 'This person does not have the role for this ({needed}).',
    'zh-CN': '该人员没有此操作所需的角色({needed})。',
  },
  PERSON_SAME: {
    en: 'A second person must agree, and this is the first one.',
    'zh-CN': '须由第二人同意,而此人正是第一人。',
  },
} as const;
