/** Messages of members and their votes; see catalogue.ts. */
export const memberMessages = {
  PROPOSAL_UNKNOWN: { en: 'There is no proposal {proposalId}.', 'zh-CN': '没有编号为 {proposalId} 的提案。' },
  MEMBER_USAGE: {
    en: `usage: sealedger member VERB --profile FILE [--json] [--lang en|zh-CN]
  list                                   all members, suspended ones included
  show ORG                               a member, its keys, and what the chain said of it
  proposals [--all]                      what can be voted on; with --all also what is decided or lapsed
  propose admit --file FILE              FILE: {"id","roles","account","ed25519Key","x25519Key","endpoint"}
  propose suspend ORG | reinstate ORG
  propose roles ORG ROLE[,ROLE…]         bank, department, registrar, gate, regulator
  propose keys ORG --file FILE           for a member that lost its keys: {"account","ed25519Key","x25519Key"}
  vote ID --for | --against
  settle ID                              closes what lapsed, or what the members' changes decided
  endpoint URL                           where the own node is called, with its pin`,
    'zh-CN': `用法:sealedger member 动词 --profile 文件 [--json] [--lang en|zh-CN]
  list                                   全部成员,含已暂停的
  show 机构                              一个成员、其密钥及链上关于它的记录
  proposals [--all]                      可以表决的提案;加 --all 时含已决定和已失效的
  propose admit --file 文件              文件内容:{"id","roles","account","ed25519Key","x25519Key","endpoint"}
  propose suspend 机构 | reinstate 机构
  propose roles 机构 角色[,角色…]        bank、department、registrar、gate、regulator
  propose keys 机构 --file 文件          用于遗失密钥的成员:{"account","ed25519Key","x25519Key"}
  vote 编号 --for | --against
  settle 编号                            结束已失效的提案,或因成员变动而已有结果的提案
  endpoint 网址                          本机构节点的调用地址,含证书指纹`,
  },
  MEMBER_NODE_USAGE: {
    en: `usage: sealedger-node member VERB --config FILE [--by PERSON …] [--json] [--lang en|zh-CN]
  list | show ORG | proposals [--all]    for everybody who reads the node's directory
  propose admit --file FILE | suspend ORG | reinstate ORG | roles ORG ROLE[,ROLE…] | keys ORG --file FILE   (approver)
  vote ID --for | --against              (approver)
  settle ID | endpoint URL               (operator)`,
    'zh-CN': `用法:sealedger-node member 动词 --config 文件 [--by 人员 …] [--json] [--lang en|zh-CN]
  list | show 机构 | proposals [--all]   可读取节点目录者均可使用
  propose admit --file 文件 | suspend 机构 | reinstate 机构 | roles 机构 角色[,角色…] | keys 机构 --file 文件   (审批人)
  vote 编号 --for | --against            (审批人)
  settle 编号 | endpoint 网址            (操作员)`,
  },
  MEMBER_LINE: {
    en: '{org}  {status}  roles: {roles}  keys of epoch {keyEpoch}  {endpoint}',
    'zh-CN': '{org}  {status}  角色:{roles}  密钥第 {keyEpoch} 期  {endpoint}',
  },
  MEMBER_ACTIVE: { en: 'active', 'zh-CN': '有效' },
  MEMBER_HALTED: { en: 'suspended', 'zh-CN': '已暂停' },
  MEMBER_KEYS: {
    en: '  account {account}\n  Ed25519 {ed25519Key}\n  X25519  {x25519Key}',
    'zh-CN': '  链上账户 {account}\n  Ed25519 {ed25519Key}\n  X25519  {x25519Key}',
  },
  MEMBER_OVERLAP: {
    en: '  The keys of the epoch before count until {until}.',
    'zh-CN': '  上一期密钥在 {until} 之前仍然有效。',
  },
  MEMBER_SAID: { en: '  block {block}, {at}: {what}', 'zh-CN': '  区块 {block},{at}:{what}' },
  MEMBER_SAID_ADMITTED: { en: 'admitted as {roles}, {endpoint}', 'zh-CN': '加入,角色 {roles},{endpoint}' },
  MEMBER_SAID_SUSPENDED: { en: 'suspended', 'zh-CN': '被暂停' },
  MEMBER_SAID_REINSTATED: { en: 'reinstated', 'zh-CN': '恢复' },
  MEMBER_SAID_ROLES: { en: 'its roles are {roles}', 'zh-CN': '角色变更为 {roles}' },
  MEMBER_SAID_ENDPOINT: { en: 'it is called at {endpoint}', 'zh-CN': '调用地址变更为 {endpoint}' },
  MEMBER_SAID_KEYS: {
    en: 'keys of epoch {keyEpoch}: account {account}, Ed25519 {ed25519Key}',
    'zh-CN': '第 {keyEpoch} 期密钥:链上账户 {account},Ed25519 {ed25519Key}',
  },
  MEMBER_SAID_OVERLAP_ENDED: {
    en: 'the keys before epoch {keyEpoch} ended at once',
    'zh-CN': '第 {keyEpoch} 期之前的密钥立即失效',
  },
  MEMBER_SAID_PROPOSED: {
    en: 'proposal {proposalId} by {proposer}: {kind}',
    'zh-CN': '{proposer} 提出提案 {proposalId}:{kind}',
  },
  MEMBER_SAID_OTHER: { en: '{event}', 'zh-CN': '{event}' },
  PROPOSAL_LINE: {
    en: '{id}  {what}\n  by {proposer}; {state}; for {votesFor}, against {votesAgainst}, {needed} carry it; until {expiresAt}; {vote}',
    'zh-CN':
      '{id}  {what}\n  提案方 {proposer};{state};赞成 {votesFor},反对 {votesAgainst},通过需 {needed} 票;截止 {expiresAt};{vote}',
  },
  PROPOSAL_NONE: { en: 'There is nothing to vote on.', 'zh-CN': '没有待表决的提案。' },
  PROPOSAL_ADMIT: {
    en: 'admit {org} as {roles}, {endpoint}, account {account}, Ed25519 {ed25519Key}',
    'zh-CN': '接纳 {org},角色 {roles},{endpoint},链上账户 {account},Ed25519 {ed25519Key}',
  },
  PROPOSAL_SUSPEND: { en: 'suspend {org}', 'zh-CN': '暂停 {org}' },
  PROPOSAL_REINSTATE: { en: 'reinstate {org}', 'zh-CN': '恢复 {org}' },
  PROPOSAL_ROLES: { en: 'give {org} the roles {roles}', 'zh-CN': '将 {org} 的角色改为 {roles}' },
  PROPOSAL_KEYS: {
    en: 'give {org} other keys: account {account}, Ed25519 {ed25519Key}',
    'zh-CN': '为 {org} 更换密钥:链上账户 {account},Ed25519 {ed25519Key}',
  },
  PROPOSAL_UNREADABLE: {
    en: 'something about {org} that this version cannot read ({kind}): do not vote for it',
    'zh-CN': '关于 {org} 的内容本版本无法读取({kind}):请勿赞成',
  },
  PROPOSAL_STATE_OPEN: { en: 'open', 'zh-CN': '表决中' },
  PROPOSAL_STATE_CARRIED: { en: 'carried', 'zh-CN': '已通过' },
  PROPOSAL_STATE_REJECTED: { en: 'rejected', 'zh-CN': '已否决' },
  PROPOSAL_STATE_LAPSED: { en: 'lapsed', 'zh-CN': '已失效' },
  PROPOSAL_VOTE_FOR: { en: 'we voted for it', 'zh-CN': '本机构投了赞成票' },
  PROPOSAL_VOTE_AGAINST: { en: 'we voted against it', 'zh-CN': '本机构投了反对票' },
  PROPOSAL_VOTE_NONE: { en: 'we have not voted', 'zh-CN': '本机构尚未表决' },
  ADMIN_MEMBER_LIST: { en: 'Lists the members of the consortium.', 'zh-CN': '列出联盟成员。' },
  ADMIN_MEMBER_SHOW: {
    en: 'Shows a member and what the chain said of it.',
    'zh-CN': '显示一个成员及链上关于它的记录。',
  },
  ADMIN_MEMBER_PROPOSALS: { en: 'Lists what the members vote on.', 'zh-CN': '列出成员表决的提案。' },
  ADMIN_MEMBER_PROPOSE: {
    en: 'Proposes an admission, suspension, reinstatement, other roles or other keys.',
    'zh-CN': '提出接纳、暂停、恢复、变更角色或更换密钥的提案。',
  },
  ADMIN_MEMBER_VOTE: { en: "Casts the organisation's vote.", 'zh-CN': '代表本机构表决。' },
  ADMIN_MEMBER_SETTLE: { en: 'Closes a proposal that lapsed or is decided.', 'zh-CN': '结束已失效或已有结果的提案。' },
  ADMIN_MEMBER_ENDPOINT: {
    en: "Registers where the organisation's node is called.",
    'zh-CN': '登记本机构节点的调用地址。',
  },
} as const;
