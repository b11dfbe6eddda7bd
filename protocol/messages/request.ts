/** Messages of requests and their life: attachments, questions, versions; see catalogue.ts. */
export const requestMessages = {
  ATTACHMENT_UNDECLARED: {
    en: 'The request declares no attachment with the digest {sha256}.',
    'zh-CN': '该请求未声明摘要为 {sha256} 的附件。',
  },
  ATTACHMENT_MISMATCH: {
    en: 'The attachment is not the one that the request declares: its {part} differs.',
    'zh-CN': '附件与请求中的声明不符:{part} 不同。',
  },
  REQUEST_INCOMPLETE: {
    en: 'Parts of the request have not arrived here: {missing}.',
    'zh-CN': '该请求尚有内容未送达本节点:{missing}。',
  },
  REQUEST_LIMIT_WAITING: {
    en: 'Here {waiting} requests of this bank wait for a person already: withdraw some, or deliver this one again later.',
    'zh-CN': '该银行在本机构已有 {waiting} 项申请等待人工处理:请撤回部分申请,或稍后重新送达。',
  },
  REQUEST_LIMIT_OPEN: {
    en: 'Here {open} requests of this bank are open already: end some, and deliver this one again.',
    'zh-CN': '该银行在本机构已有 {open} 项未结申请:请先终结部分申请,再重新送达。',
  },
  REQUEST_LIMIT_DAY: {
    en: 'Within a day {count} requests of this bank came in here; deliver this one again tomorrow.',
    'zh-CN': '一日之内已收到该银行 {count} 项申请;请于次日重新送达。',
  },
  REQUEST_LIMIT_BYTES: {
    en: 'Models and attachments of this bank would take {megabytes} MiB here, and {max} are allowed.',
    'zh-CN': '该银行的模型与附件在本节点将占用 {megabytes} MiB,上限为 {max} MiB。',
  },
  REQUEST_PREVIOUS_UNKNOWN: {
    en: 'The chain does not know the earlier request that this one names.',
    'zh-CN': '链上没有本请求所引用的前一请求。',
  },
  REQUEST_PREVIOUS_REQUESTER: {
    en: 'The earlier request that this one names is not of the same requester.',
    'zh-CN': '本请求所引用的前一请求并非由同一请求方提出。',
  },
  REQUEST_PREVIOUS_STATE: {
    en: 'The earlier request was {state}: it is not amended or renewed; ask anew.',
    'zh-CN': '前一请求的状态为 {state},不能变更或续期;请重新提出请求。',
  },
  REQUEST_PREVIOUS_REPLACED: {
    en: 'Another version took the place of this request: amend or renew the latest one.',
    'zh-CN': '本请求已被另一版本取代:请对最新版本提出变更或续期。',
  },
  REQUEST_PREVIOUS_ELSEWHERE: {
    en: 'The earlier request was never delivered to this node, so a renewal cannot be held against it.',
    'zh-CN': '前一请求从未送达本节点,无法据以核对续期请求。',
  },
  REQUEST_RENEWAL_DIFFERS: {
    en: 'A renewal keeps the terms of the earlier request, and this one has another {part}: send it as an amendment.',
    'zh-CN': '续期须沿用前一请求的条款,而本请求的 {part} 不同:请作为变更提交。',
  },
  QUESTION_UNKNOWN: {
    en: 'No question {questionId} was asked about this request here.',
    'zh-CN': '本机构未就该请求提出过问题 {questionId}。',
  },
  QUESTION_ANSWERED: {
    en: 'The question {questionId} has another answer already; an answer is not changed afterwards.',
    'zh-CN': '问题 {questionId} 已有另一答复;答复不得事后更改。',
  },
  QUESTION_LIMIT: {
    en: 'No more questions: {open} are open, {total} were asked; at most {maxOpen} open and {maxTotal} in all.',
    'zh-CN': '不能再提问:待答 {open} 个,共提 {total} 个;最多待答 {maxOpen} 个、共 {maxTotal} 个。',
  },
  ADMIN_REQUEST_ASK: {
    en: 'Puts a question about a request to its requester',
    'zh-CN': '就某一请求向请求方提问',
  },
  ADMIN_REQUEST_QUESTIONS: {
    en: 'Lists the questions about a request and their answers',
    'zh-CN': '列出就某一请求提出的问题及其答复',
  },
} as const;
