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
  PERSON_REFUSED: {
    en: 'This is not shown to be that person: no such person here, or not their password or key.',
    'zh-CN': '无法证实该人员身份:本节点无此人员,或口令、密钥不符。',
  },
  PERSON_BACKOFF: {
    en: 'Too many wrong passwords for this person; try again in {seconds} s.',
    'zh-CN': '该人员的错误口令过多;请在 {seconds} 秒后重试。',
  },
  PERSON_PROOF_TIME: {
    en: "The signature of the person was not made just now ({seconds} s by this node's clock).",
    'zh-CN': '该人员的签名并非刚刚作出(与本节点时钟相差 {seconds} 秒)。',
  },
  PERSON_PROOF_USED: {
    en: 'This signature of a person was used before.',
    'zh-CN': '该人员的此签名已被使用过。',
  },
  PERSON_PROOF_MISSING: {
    en: 'Show that you are this person: --password-file, --password-fd or --person-key, or type the password at a terminal.',
    'zh-CN': '请证明身份:使用 --password-file、--password-fd 或 --person-key,或在终端输入口令。',
  },
  ADMIN_PERSON_LIST: {
    en: 'Lists the people of this node with their roles and pseudonyms.',
    'zh-CN': '列出本节点的人员及其角色与化名。',
  },
  ADMIN_PERSON_LOG: {
    en: 'Lists what people did at this node; for an auditor.',
    'zh-CN': '列出人员在本节点的操作记录,供审计员查阅。',
  },
  PERSON_KEY_MADE: {
    en: 'Private key: {file} (keep it to yourself). For `people` in node.json: "key": "{key}"',
    'zh-CN': '私钥:{file}(请自行妥善保管)。node.json 的 people 中填写:"key": "{key}"',
  },
  PERSON_PASSWORD_ASK: {
    en: 'Password of {person}: ',
    'zh-CN': '{person} 的口令:',
  },
  PERSON_LINE: {
    en: '{id}  {roles}  by {proof}  {pseudonym}',
    'zh-CN': '{id}  {roles}  凭 {proof}  {pseudonym}',
  },
  PERSON_USAGE: {
    en: 'usage: sealedger-node person hash [--password-file FILE | --password-fd N]\n       sealedger-node person keygen --out FILE\n       sealedger-node person list --config FILE --by ID …\n       sealedger-node person log --config FILE --by ID … [--person ID] [--last N]',
    'zh-CN':
      '用法:sealedger-node person hash [--password-file 文件 | --password-fd N]\n      sealedger-node person keygen --out 文件\n      sealedger-node person list --config 文件 --by 人员 …\n      sealedger-node person log --config 文件 --by 人员 … [--person 人员] [--last N]',
  },
  PERSON_SAME: {
    en: 'A second person must agree, and this is the first one.',
    'zh-CN': '须由第二人同意,而此人正是第一人。',
  },
} as const;
