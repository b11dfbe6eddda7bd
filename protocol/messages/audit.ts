/** Messages of the audit: findings, refusals, and what its command says; see catalogue.ts. */
export const auditMessages = {
  CHAIN_WALK_BROKEN: {
    en: 'Block {block} does not follow the block before it: the RPC shows another chain than it did, or a made-up one.',
    'zh-CN': '区块 {block} 与其前一区块不相接:该 RPC 所示的链与先前不同,或系伪造。',
  },
  AUDIT_BLOCK_UNSEALED: {
    en: 'Block {block} does not carry the seals of enough pinned validators.',
    'zh-CN': '区块 {block} 缺少足够数量的、信任文件所列验证者的封印。',
  },
  AUDIT_CHECKPOINT_WRONG: {
    en: 'The checkpoint that the node of {org} gave is not of its log, or not signed with its registered key.',
    'zh-CN': '{org} 的节点给出的检查点不属于其日志,或未用其登记的密钥签名。',
  },
  AUDIT_PAGE_WRONG: {
    en: 'The node of {org} gave {found} entries from {start} on, where {expected} were asked for.',
    'zh-CN': '{org} 的节点自第 {start} 条起给出 {found} 条记录,而所请求的是 {expected} 条。',
  },
  AUDIT_STATE_OTHER: {
    en: 'The state directory belongs to an audit of another chain (id {chainId}) or of other contracts.',
    'zh-CN': '该状态目录属于对另一条链(编号 {chainId})或另一组合约的审计。',
  },
  AUDIT_STATE_UNREADABLE: {
    en: 'The state of the audit cannot be read: {part}. Remove the directory to begin again from the first block.',
    'zh-CN': '无法读取审计状态:{part}。删除该目录即可从首个区块重新开始。',
  },
  FINDING_TWO_HISTORIES: {
    en: '{org} shows two histories of its log: {about}, root {anchored} here and {found} there.',
    'zh-CN': '{org} 的日志出现两种历史:{about},一处的根为 {anchored},另一处为 {found}。',
  },
  FINDING_LOG_REWOUND: {
    en: 'The log of {org} was set back: {found} events are shown, {known} were shown or anchored before.',
    'zh-CN': '{org} 的日志被回退:现示 {found} 条事件,此前曾示出或锚定 {known} 条。',
  },
  FINDING_LOG_ENTRIES: {
    en: 'The entries that {org} gives do not lead to the root it signed for {size} events: one was dropped, added or changed.',
    'zh-CN': '{org} 给出的记录算不出其为 {size} 条事件所签署的根:有记录被删除、添加或改动。',
  },
  FINDING_EVENT_FOREIGN: {
    en: 'Event {about} in the log of {org} names another organisation as its source.',
    'zh-CN': '{org} 日志中的事件 {about} 以另一机构为来源。',
  },
  FINDING_EVENT_FIELDS: {
    en: 'Event {about} of {org}: the field {field} is not of its kind, or its opening does not open the commitment.',
    'zh-CN': '{org} 的事件 {about}:字段 {field} 不属于该类事件,或其打开值与承诺不符。',
  },
  FINDING_EVENT_WITHHELD: {
    en: 'Event {about} of {org} came without the openings that a regulator is owed.',
    'zh-CN': '{org} 的事件 {about} 未附监管机构应得的打开值。',
  },
  FINDING_EVENT_SIGNATURE: {
    en: 'Event {about} of {org} is not signed with its registered key of epoch {keyEpoch}.',
    'zh-CN': '{org} 的事件 {about} 未用其登记的第 {keyEpoch} 期密钥签名。',
  },
  FINDING_KEY_REPLACED: {
    en: 'Event {about} of {org} is signed with its key of epoch {keyEpoch}, but was not anchored before block {block} replaced that key.',
    'zh-CN': '{org} 的事件 {about} 用第 {keyEpoch} 期密钥签名,但在区块 {block} 更换该密钥之前并未锚定。',
  },
  FINDING_EVENT_TWICE: {
    en: 'Event {about} ({kind}) of {org} has the id of an earlier one: a happening stands in the log twice.',
    'zh-CN': '{org} 的事件 {about}({kind})与此前某事件编号相同:同一件事在日志中出现两次。',
  },
  FINDING_EVENT_TIME: {
    en: 'Event {about} ({kind}) of {org} claims a time that cannot be: after its anchor, before its predecessor, or long before an anchor that stood already.',
    'zh-CN': '{org} 的事件 {about}({kind})所称时间不可能成立:晚于其锚定、早于前一事件,或远早于当时已有的锚定。',
  },
  FINDING_WHILE_SUSPENDED: {
    en: '{org} worked while it was suspended (since block {block}): event {about} ({kind}).',
    'zh-CN': '{org} 在被暂停期间(自区块 {block} 起)仍在作业:事件 {about}({kind})。',
  },
  FINDING_NODE_UNREACHABLE: {
    en: 'The node of {org} cannot be reached; its log could not be read.',
    'zh-CN': '无法连接 {org} 的节点,未能读取其日志。',
  },
  FINDING_NODE_ANSWER: {
    en: 'The node of {org} refuses its log, or answers what is no answer ({why}).',
    'zh-CN': '{org} 的节点拒绝提供日志,或其应答不成其为应答({why})。',
  },
  FINDING_ANCHOR_LATE: {
    en: '{org} anchored event {about} {minutes} minutes after it happened (checkpoint of {size} events).',
    'zh-CN': '{org} 在事件 {about} 发生 {minutes} 分钟之后才将其锚定(含 {size} 条事件的检查点)。',
  },
  FINDING_NOT_ANCHORED: {
    en: 'Event {about} of {org} has not been anchored for {minutes} minutes.',
    'zh-CN': '{org} 的事件 {about} 已有 {minutes} 分钟未锚定。',
  },
  FINDING_CHAIN_UNPROVEN: {
    en: 'What the RPC shows from block {block} on is not proven under the trust file ({why}); nothing of it was taken in.',
    'zh-CN': '该 RPC 自区块 {block} 起所示内容无法依信任文件证明({why}),均未采信。',
  },
  FINDING_CHAIN_BEHIND: {
    en: 'The RPC shows the chain up to block {found} only; block {block} was seen before.',
    'zh-CN': '该 RPC 所示的链只到区块 {found},而此前已见过区块 {block}。',
  },
  FINDING_REQUEST_LIFE: {
    en: 'Request {request}: {step} in block {block} cannot follow what came before it ({why}).',
    'zh-CN': '请求 {request}:区块 {block} 中的 {step} 不可能接在此前的步骤之后({why})。',
  },
  FINDING_REQUEST_UNKNOWN: {
    en: 'The log of {org} speaks of request {request}, which the chain does not know: event {about} ({kind}).',
    'zh-CN': '{org} 的日志提到链上不存在的请求 {request}:事件 {about}({kind})。',
  },
  FINDING_LOG_DIFFERS: {
    en: 'Event {about} ({kind}) of {org} has another {field} than {step} in block {block}.',
    'zh-CN': '{org} 的事件 {about}({kind})的 {field} 与区块 {block} 中的 {step} 不同。',
  },
  FINDING_LOG_MISSING: {
    en: '{org} did {step} on chain (block {block}) without an event of it in its log.',
    'zh-CN': '{org} 在链上执行了 {step}(区块 {block}),其日志中却没有相应事件。',
  },
  FINDING_LOG_UNSENT: {
    en: 'Event {about} ({kind}) of {org} has no counterpart on chain, though it had time to get there.',
    'zh-CN': '{org} 的事件 {about}({kind})在链上没有对应步骤,而时间早已足够。',
  },
  FINDING_STRANGER: {
    en: '{org} acted on request {request}, in which it has no such part: event {about} ({kind}).',
    'zh-CN': '{org} 参与了与其无此关系的请求 {request}:事件 {about}({kind})。',
  },
  FINDING_DECISION_OVERDUE: {
    en: '{org} has not answered request {request} for {hours} hours.',
    'zh-CN': '{org} 已有 {hours} 小时未答复请求 {request}。',
  },
  FINDING_COMPUTATION_ATTEMPT: {
    en: 'Event {about} of {org} is of attempt {attempt} of request {request}, which the chain did not open.',
    'zh-CN': '{org} 的事件 {about} 属于请求 {request} 的第 {attempt} 次尝试,而链上并未开启该次尝试。',
  },
  FINDING_COMPUTATIONS_DIFFER: {
    en: '{org} and {other} name different computations for attempt {attempt} of request {request}.',
    'zh-CN': '对请求 {request} 的第 {attempt} 次尝试,{org} 与 {other} 所述的计算不同。',
  },
  FINDING_COMPUTATION_ORDER: {
    en: 'Event {about} of {org}: a computation of request {request} is {state} out of order, twice, or after it was retired.',
    'zh-CN': '{org} 的事件 {about}:请求 {request} 的计算状态 {state} 次序有误、重复,或出现在停用之后。',
  },
  FINDING_BEFORE_GRANT: {
    en: '{org} worked on request {request} before every grant was there: event {about} ({kind}).',
    'zh-CN': '{org} 在请求 {request} 尚未获得全部授权时即已作业:事件 {about}({kind})。',
  },
  FINDING_AFTER_GRANT: {
    en: '{org} worked on request {request} {seconds} seconds after its end: event {about} ({kind}).',
    'zh-CN': '{org} 在请求 {request} 结束 {seconds} 秒之后仍在作业:事件 {about}({kind})。',
  },
  FINDING_WHILE_HALTED: {
    en: '{org} worked on request {request} {seconds} seconds after it was suspended in block {block}: event {about} ({kind}).',
    'zh-CN': '请求 {request} 于区块 {block} 被暂停 {seconds} 秒之后,{org} 仍在作业:事件 {about}({kind})。',
  },
  FINDING_UNCERTIFIED: {
    en: '{org} began to compute for request {request} without a standing certificate of its model by {certifier}: event {about}.',
    'zh-CN': '{org} 在模型没有 {certifier} 有效认证的情况下开始为请求 {request} 计算:事件 {about}。',
  },
  FINDING_GRANTS_UNNAMED: {
    en: '{org} logged a result of request {request} that names no grant: event {about}.',
    'zh-CN': '{org} 记录的请求 {request} 的结果未写明授权:事件 {about}。',
  },
  FINDING_UNLOCKS_GAP: {
    en: 'The meter of {org} for request {request} jumps at event {about}: {found} instead of {expected}.',
    'zh-CN': '{org} 对请求 {request} 的计量在事件 {about} 处跳变:为 {found},应为 {expected}。',
  },
  FINDING_OVER_QUOTA: {
    en: '{org} served {found} unlockings of request {request}; {quota} were granted (event {about}).',
    'zh-CN': '{org} 为请求 {request} 提供了 {found} 次解锁,而授权仅为 {quota} 次(事件 {about})。',
  },
  FINDING_UNLOCK_COMPUTATION: {
    en: 'Event {about} of {org} unlocks a computation of request {request} that no participant announced.',
    'zh-CN': '{org} 的事件 {about} 所解锁的请求 {request} 的计算,没有任何参与方宣告过。',
  },
  FINDING_UNLOCK_LANE: {
    en: 'Lane {lane} of request {request} at {org} has counter {found} where {expected} follows (event {about}).',
    'zh-CN': '{org} 处请求 {request} 的通道 {lane} 计数为 {found},应为 {expected}(事件 {about})。',
  },
  FINDING_UNLOCKS_LATE: {
    en: '{org} had not recorded {total} unlockings of request {request} on chain {minutes} minutes after it served them (event {about}).',
    'zh-CN': '{org} 为请求 {request} 提供至 {total} 次解锁,{minutes} 分钟后仍未上链登记(事件 {about})。',
  },
  FINDING_UNLOCKS_UNLOGGED: {
    en: '{org} recorded more unlockings of request {request} on chain (block {block}) than its log has.',
    'zh-CN': '{org} 在链上(区块 {block})为请求 {request} 登记的解锁次数多于其日志所载。',
  },
  FINDING_RESULT_UNKNOWN: {
    en: 'Event {about} of {org} names a result of request {request} that nobody committed to on chain.',
    'zh-CN': '{org} 的事件 {about} 所述请求 {request} 的结果,链上并无承诺。',
  },
  FINDING_RESULTS_UNMETERED: {
    en: '{results} results of request {request} were committed, but {org} metered {metered} unlockings.',
    'zh-CN': '请求 {request} 已承诺 {results} 个结果,而 {org} 只计量了 {metered} 次解锁。',
  },
  FINDING_BELOW_FLOOR: {
    en: 'Dataset {dataset} of {org} entered an attempt of request {request} with a score of {score}, below the floor of {floor} (of 10000).',
    'zh-CN': '{org} 的数据集 {dataset} 以质量分 {score} 进入请求 {request} 的一次尝试,低于下限 {floor}(满分 10000)。',
  },
  FINDING_SERVED_WITHDRAWN: {
    en: 'Dataset {dataset} of {org} entered an attempt of request {request} after it was withdrawn.',
    'zh-CN': '{org} 的数据集 {dataset} 在撤回之后仍进入请求 {request} 的一次尝试。',
  },
  FINDING_MORE: {
    en: '{org}: {count} more findings of {code}.',
    'zh-CN': '{org}:另有 {count} 项 {code}。',
  },
  AUDIT_USAGE: {
    en:
      'usage: sealedger audit find --profile FILE [--org ORG] [--requester ORG] [--purpose CODE] [--dataset NAME] [--from TIME] [--to TIME] | --opening FILE\n' +
      '       sealedger audit request ID --profile FILE\n' +
      '       sealedger audit verify --profile FILE [--heard FILE]…\n' +
      '       sealedger audit watch --profile FILE [--once] [--every SECONDS] [--heard FILE]…\n' +
      '       sealedger audit report --profile FILE [--from TIME] [--to TIME] [--out DIR]\n' +
      '       each with [--state DIR] [--json] [--lang en|zh-CN]; exit 0: nothing wrong, 1: findings, 2: could not read',
    'zh-CN':
      '用法:sealedger audit find --profile 文件 [--org 机构] [--requester 机构] [--purpose 代码] [--dataset 名称] [--from 时间] [--to 时间] | --opening 文件\n' +
      '     sealedger audit request 编号 --profile 文件\n' +
      '     sealedger audit verify --profile 文件 [--heard 文件]…\n' +
      '     sealedger audit watch --profile 文件 [--once] [--every 秒] [--heard 文件]…\n' +
      '     sealedger audit report --profile 文件 [--from 时间] [--to 时间] [--out 目录]\n' +
      '     均可加 [--state 目录] [--json] [--lang en|zh-CN];退出码 0:无问题,1:有发现,2:无法读取',
  },
  AUDIT_USAGE_WRONG: { en: 'The arguments do not fit: {reason}', 'zh-CN': '参数不符:{reason}' },
  AUDIT_FILE_UNREADABLE: { en: '{file} cannot be read.', 'zh-CN': '无法读取 {file}。' },
  AUDIT_PINS_DIFFER: {
    en: 'Trust file and deployment file differ in {what}; the trust file is what counts, so find out which is wrong.',
    'zh-CN': '信任文件与部署文件的 {what} 不同;应以信任文件为准,请先查明何者有误。',
  },
  AUDIT_REQUEST_UNKNOWN: {
    en: '{found} requests begin with {request}; give at least 8 digits that only one begins with.',
    'zh-CN': '有 {found} 个请求以 {request} 开头;请给出至少 8 位且唯一的前缀。',
  },
  AUDIT_STEP_CHAIN: { en: 'Chain read to block {block} of {head}.', 'zh-CN': '链已读至区块 {block} / {head}。' },
  AUDIT_STEP_LOG: { en: 'Log of {org}: {events} events.', 'zh-CN': '{org} 的日志:{events} 条事件。' },
  AUDIT_LOOKED: {
    en: '{requests} requests rebuilt, {events} events of {nodes} nodes verified, {findings} findings.',
    'zh-CN': '已重建 {requests} 件请求,核验 {nodes} 个节点的 {events} 条事件,发现 {findings} 项。',
  },
  AUDIT_WRITTEN: {
    en: 'Written: report.html, report.csv and findings.json in {directory}.',
    'zh-CN': '已写出:{directory} 中的 report.html、report.csv 与 findings.json。',
  },
  AUDIT_RELEASE_FOUND: {
    en: 'Released under request {request}: batch {batch} of {org} with {count} results, committed at {time} UTC in block {block}.',
    'zh-CN': '依请求 {request} 释出:{org} 的第 {batch} 批,共 {count} 个结果,于 {time}(UTC)在区块 {block} 承诺上链。',
  },
  AUDIT_RELEASE_UNKNOWN: {
    en: 'No commitment on this chain has this opening.',
    'zh-CN': '此链上没有任何承诺与该打开值相符。',
  },
} as const;
