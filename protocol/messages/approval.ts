/** Messages of decisions: the queue, the persons who decide, deadlines, revocation; see catalogue.ts. */
export const approvalMessages = {
  DECISION_TAKEN: {
    en: 'Request {requestId} is decided here already; a decision is taken once. Revoke what should end.',
    'zh-CN': '本单位已对申请 {requestId} 作出决定;决定只作一次。如需终止,请撤销。',
  },
  REQUEST_NOT_WAITING: {
    en: 'Request {requestId} does not wait for a person here.',
    'zh-CN': '申请 {requestId} 不在本节点的待人工决定之列。',
  },
  REQUEST_AMENDED: {
    en: 'A newer version of this request has come in ({by}); decide about that one.',
    'zh-CN': '该申请已有更新的版本({by});请对新版本作出决定。',
  },
  REQUEST_AMBIGUOUS: {
    en: '{prefix} begins the ids of {count} requests; write more of it.',
    'zh-CN': '有 {count} 个申请的编号以 {prefix} 开头;请写得更长一些。',
  },
  POLICY_PROHIBITS: {
    en: 'The policy refuses this request by its rule {rule}; no person can approve it while that stands.',
    'zh-CN': '策略依规则 {rule} 拒绝该申请;该规则有效期间任何人都不能批准。',
  },
  PERSON_PREPARED: {
    en: 'Who prepared the dataset or the policy, or is the contact of the request, may not approve it; another approver has to.',
    'zh-CN': '编制数据集或策略的人、申请的联系人不得批准该申请;须由另一名审批人批准。',
  },
  ADMIN_REQUEST_LIST: {
    en: 'Requests that came in, and what waits for a person.',
    'zh-CN': '列出收到的申请及待人工决定的申请。',
  },
  ADMIN_REQUEST_SHOW: {
    en: 'One request with all that a decision needs.',
    'zh-CN': '显示一个申请及决定所需的全部信息。',
  },
  ADMIN_REQUEST_ACKNOWLEDGE: { en: 'Note that a request is taken in hand.', 'zh-CN': '登记申请已受理。' },
  ADMIN_REQUEST_DECIDE: { en: 'Approve or reject a request that waits.', 'zh-CN': '批准或拒绝待决定的申请。' },
  ADMIN_REQUEST_REVOKE: { en: 'Revoke a request that was granted.', 'zh-CN': '撤销已授权的申请。' },
  ADMIN_REQUEST_EXPORT: { en: 'Where the files of a request lie.', 'zh-CN': '给出申请附件所在的位置。' },
  ADMIN_POLICY_SHOW: { en: 'The policies in force and who put them in force.', 'zh-CN': '列出现行策略及其启用人。' },
  ADMIN_POLICY_APPLY: { en: 'Put a policy in force.', 'zh-CN': '启用一份策略。' },
  ADMIN_POLICY_REMOVE: { en: 'Take back a policy that a person put in force.', 'zh-CN': '停用人工启用的策略。' },
  POLICY_NOT_APPLIED: {
    en: 'No person put a policy {policy} in force here; those of the configuration are changed in their files.',
    'zh-CN': '本节点没有人工启用的策略 {policy};配置中的策略请在其文件中修改。',
  },
  DECIDE_USAGE: {
    en: `usage: sealedger-node decide REQUEST --config FILE --by PERSON (--approve | --reject | --revoke) --reason TEXT
  with --approve, stricter than the policy only: --quality-floor BASIS-POINTS, --hours 08:30/17:30[,…], --weekdays 1,2,3,4,5, --require consent,certificate
  Exit 0 where it is decided, 1 where a second approver is needed, 2 for refusals.`,
    'zh-CN': `用法:sealedger-node decide 申请 --config 文件 --by 人员 (--approve | --reject | --revoke) --reason 理由
  与 --approve 同用,只能比策略更严:--quality-floor 基点,--hours 08:30/17:30[,…],--weekdays 1,2,3,4,5,--require consent,certificate
  退出码:0 已决定;1 还需第二名审批人;2 被拒绝或用法错误。`,
  },
  REQUEST_COMMAND_USAGE: {
    en: `usage: sealedger-node request VERB --config FILE [--json] [--lang en|zh-CN]
  list [--all] [--overdue]        what waits for a person; with --all every request that came in
  show REQUEST                    what the policy says, history, level and quality, features, deadlines, questions, changes
  ask REQUEST --text TEXT --by PERSON    a question to the requester
  acknowledge REQUEST --by PERSON        note that it is taken in hand
  attachments REQUEST --out DIRECTORY    copies the files that came with it
  revoke REQUEST --reason TEXT --by PERSON   ends what was granted`,
    'zh-CN': `用法:sealedger-node request 动作 --config 文件 [--json] [--lang en|zh-CN]
  list [--all] [--overdue]        待人工决定的申请;--all 列出收到的全部申请
  show 申请                       策略的回答、申请方历史、数据级别与质量、特征、时限、问答、变更
  ask 申请 --text 文本 --by 人员         向申请方提问
  acknowledge 申请 --by 人员             登记受理
  attachments 申请 --out 目录            导出随附文件
  revoke 申请 --reason 理由 --by 人员     终止已作的授权`,
  },
  REQUEST_NONE: { en: 'No requests.', 'zh-CN': '没有申请。' },
  REQUEST_DECIDED: {
    en: 'Request {requestId}: {decision}, rule {rule}, approvers {approvers}.',
    'zh-CN': '申请 {requestId}:{decision},规则 {rule},审批人数 {approvers}。',
  },
  REQUEST_UNSENT: {
    en: 'The chain does not answer; the decision stands here and is sent as soon as it does.',
    'zh-CN': '区块链暂无响应;决定已在本节点生效,恢复后自动上链。',
  },
  REQUEST_SECOND_NEEDED: {
    en: 'Request {requestId}: approved by one; a second approver has to agree.',
    'zh-CN': '申请 {requestId}:已有一人批准,还需第二名审批人同意。',
  },
  REQUEST_FIRST_VOID: {
    en: 'The earlier approval rested on another answer of the policy and does not count any more.',
    'zh-CN': '此前的批准基于策略的另一回答,已不再有效。',
  },
  REQUEST_REVOKED_HERE: { en: 'Request {requestId} is revoked.', 'zh-CN': '申请 {requestId} 已撤销。' },
  REQUEST_ACKNOWLEDGED: { en: 'Request {requestId} is acknowledged.', 'zh-CN': '申请 {requestId} 已受理。' },
  REQUEST_COPIED: { en: '{count} files copied to {directory}.', 'zh-CN': '已将 {count} 个文件复制到 {directory}。' },
  REQUEST_LABEL: { en: 'Request', 'zh-CN': '申请' },
  REQUEST_LABEL_REQUESTER: { en: 'Requester', 'zh-CN': '申请方' },
  REQUEST_LABEL_PURPOSE: { en: 'Purpose', 'zh-CN': '用途' },
  REQUEST_LABEL_STATE: { en: 'State', 'zh-CN': '状态' },
  REQUEST_LABEL_POLICY: { en: 'Policy', 'zh-CN': '策略' },
  REQUEST_LABEL_RULE: { en: 'Rule', 'zh-CN': '规则' },
  REQUEST_LABEL_DUE: { en: 'Answer due', 'zh-CN': '答复期限' },
  REQUEST_LABEL_PERSONS: { en: 'Approvers', 'zh-CN': '审批人数' },
  REQUEST_LABEL_BASIS: { en: 'Legal basis', 'zh-CN': '合法性依据' },
  REQUEST_LABEL_CONTACT: { en: 'Contact', 'zh-CN': '联系人' },
  REQUEST_LABEL_SUBJECTS: { en: 'Data subjects', 'zh-CN': '数据主体' },
  REQUEST_LABEL_QUOTA: { en: 'Quota and term', 'zh-CN': '额度与期限' },
  REQUEST_LABEL_LEVEL: { en: 'Level', 'zh-CN': '级别' },
  REQUEST_LABEL_QUALITY: { en: 'Quality', 'zh-CN': '质量' },
  REQUEST_LABEL_FAILED: { en: 'Terms that failed', 'zh-CN': '未满足的条款' },
  REQUEST_LABEL_FEATURES: { en: 'Features asked for', 'zh-CN': '所需特征' },
  REQUEST_LABEL_HISTORY: { en: 'History of the requester', 'zh-CN': '申请方历史' },
  REQUEST_LABEL_CONDITIONS: { en: 'Conditions of use', 'zh-CN': '使用条件' },
  REQUEST_LABEL_DEADLINES: { en: 'Deadlines', 'zh-CN': '时限' },
  REQUEST_LABEL_QUESTIONS: { en: 'Questions', 'zh-CN': '问答' },
  REQUEST_LABEL_ATTACHMENTS: { en: 'Attachments', 'zh-CN': '附件' },
  REQUEST_LABEL_CHANGES: { en: 'Changes to the earlier version', 'zh-CN': '与前一版本的差异' },
  REQUEST_LABEL_REASONS: { en: 'What persons said', 'zh-CN': '人员意见' },
  REQUEST_POLICY_CHANGED: {
    en: 'The policy answers otherwise than when the request came in ({before}).',
    'zh-CN': '策略的回答与收到申请时不同(当时:{before})。',
  },
  REQUEST_LABEL_CAUTIONS: { en: 'why a person decides', 'zh-CN': '须由人员决定的原因' },
  REQUEST_CAUTION_PREVIOUS_SUSPENDED: {
    en: 'The request that this one amends or renews is suspended.',
    'zh-CN': '本申请所变更或续期的申请已被中止使用。',
  },
  REQUEST_CAUTION_REQUESTER_SUSPENDED: {
    en: 'Another request of this requester is suspended, or was when it ended.',
    'zh-CN': '该申请方另有申请已被中止使用,或在中止期间终结。',
  },
  REQUEST_CAUTION_REQUESTER_REVOKED: {
    en: 'A request of this requester was revoked before its term was over.',
    'zh-CN': '该申请方有申请在期限届满前被撤销。',
  },
  REQUEST_CAUTION_CONSENT_HOLDER: {
    en: 'The policy asks for consent, and the request names nobody who holds a log of consents: it cannot be approved; ask the requester for an amendment.',
    'zh-CN': '策略要求取得同意,而申请未指定同意日志的保管方:不能批准,请要求申请方提出变更。',
  },
  REQUEST_HISTORY_LINE: {
    en: '{total} requests: {approved} approved, {rejected} rejected, {suspended} suspended, {revoked} revoked; {used} scores used; suspended here {suspensions} times; {refusedCalls} calls refused',
    'zh-CN':
      '共 {total} 个申请:批准 {approved},拒绝 {rejected},暂停 {suspended},撤销 {revoked};已用评分 {used} 次;本单位暂停 {suspensions} 次;被拒绝的调用 {refusedCalls} 次',
  },
  REQUEST_WORD_APPROVE: { en: 'approve', 'zh-CN': '批准' },
  REQUEST_WORD_REJECT: { en: 'reject', 'zh-CN': '拒绝' },
  REQUEST_WORD_ASK: { en: 'ask a person', 'zh-CN': '转人工' },
  REQUEST_WORD_APPROVED: { en: 'approved', 'zh-CN': '已批准' },
  REQUEST_WORD_REJECTED: { en: 'rejected', 'zh-CN': '已拒绝' },
  REQUEST_WORD_WAITING: { en: 'waits for a person', 'zh-CN': '待人工决定' },
  REQUEST_WORD_OVERDUE: { en: 'overdue', 'zh-CN': '已逾期' },
  REQUEST_WORD_MET: { en: 'met', 'zh-CN': '已完成' },
  REQUEST_WORD_RUNNING: { en: 'running', 'zh-CN': '进行中' },
  REQUEST_WORD_ACKNOWLEDGE: { en: 'acknowledge', 'zh-CN': '受理' },
  REQUEST_WORD_CORRECT: { en: 'correction of the data', 'zh-CN': '数据校核纠错' },
  REQUEST_WORD_ANSWER: { en: 'answer', 'zh-CN': '答复' },
  REQUEST_WORD_MISSING: { en: 'has not arrived', 'zh-CN': '尚未收到' },
} as const;
