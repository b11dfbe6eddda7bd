/** Messages of consent; see catalogue.ts. */
export const consentMessages = {
  CONSENT_WITHDRAWAL: {
    en: 'Entry {index} of the consent log withdraws entry {of}, which is no earlier receipt that still stands.',
    'zh-CN': '同意日志第 {index} 条撤回第 {of} 条,但后者并非此前仍然有效的同意凭据。',
  },
  CONSENT_LOG_MALFORMED: {
    en: 'These {sizeBytes} bytes are no consent log, or one of more than 1,048,576 entries.',
    'zh-CN': '这 {sizeBytes} 字节不是同意日志,或其条目超过 1,048,576 条。',
  },
  CONSENT_LOG_SHORT: {
    en: 'The consent log has {found} entries here; its root at {size} entries cannot be computed.',
    'zh-CN': '此处的同意日志只有 {found} 条,无法计算其 {size} 条时的根。',
  },
  CONSENT_STORE_UNREADABLE: {
    en: 'The stored consents are incomplete: segment {segment} is missing. Restore the store from a copy.',
    'zh-CN': '本地保存的同意数据不完整:缺少分段 {segment}。请从备份恢复。',
  },
  CONSENT_STORE_CHANGED: {
    en: 'Another process has changed the log of consents, which had {known} entries here. Nothing was added; try again.',
    'zh-CN': '另一个进程已改动同意日志(此处原有 {known} 条)。本次未写入任何内容,请重试。',
  },
  CONSENT_LOG_FULL: {
    en: 'A log of consents holds {limit} entries at most.',
    'zh-CN': '一份同意日志最多容纳 {limit} 条。',
  },
  CONSENT_LOG_REWOUND: {
    en: 'The chain has a root over {committed} consents, but only {size} are stored here. Restore the store from a newer copy; nothing is committed before.',
    'zh-CN': '链上的根已覆盖 {committed} 条同意,而此处只保存了 {size} 条。请从较新的备份恢复;在此之前不会上链。',
  },
  CONSENT_LOG_FORKED: {
    en: 'The root of the consent log of {holder} at {size} entries is not the one on chain: this is another log.',
    'zh-CN': '{holder} 的同意日志在 {size} 条时的根与链上不一致:这是另一份日志。',
  },
  CONSENT_KEY_MISSING: {
    en: 'Consents and the queries made under them are kept sealed; the secret for that was not given to the SDK.',
    'zh-CN': '同意凭据及其项下的查询须加密保存,但未向 SDK 提供用于加密的密钥。',
  },
  CONSENT_SHARE_OTHER: {
    en: 'This share of consents is meant for {requester}.',
    'zh-CN': '这份同意数据是给 {requester} 的。',
  },
  CONSENT_SHARE_OLD: {
    en: 'The consents of {holder} known here end at entry {size}; {least} are on chain or known already. Get a newer share.',
    'zh-CN': '此处所知 {holder} 的同意日志只有 {size} 条,而链上或此前已有 {least} 条。请获取更新的数据。',
  },
  CONSENT_SHARE_RECEIPT: {
    en: 'The receipt for entry {index} does not open that entry of the log.',
    'zh-CN': '第 {index} 条的同意凭据与日志中的该条目不符。',
  },
  CONSENT_SHARE_MISSING: {
    en: 'No consents of {holder} were received yet; get a share from it and take it in with `sealedger consent receive`.',
    'zh-CN': '尚未收到 {holder} 的同意数据;请向其索取,并用 `sealedger consent receive` 导入。',
  },
  CONSENT_ROOT_MISSING: {
    en: '{holder} has no root of a consent log on chain: no consent counts yet.',
    'zh-CN': '{holder} 在链上尚无同意日志的根:目前没有任何同意生效。',
  },
  CONSENT_RECEIPT_MISSING: {
    en: '{without} of the subjects have no consent that covers this request ({reason}); the first is number {place} of the list. Nothing was sent.',
    'zh-CN': '有 {without} 个主体没有可用于本申请的同意({reason}),名单中第一个是第 {place} 个。未发送任何查询。',
  },
  CONSENT_CHALLENGE_OTHER: {
    en: 'The challenge is not about request {requestId} of this bank and its gates.',
    'zh-CN': '该抽查并非针对本行的申请 {requestId} 及其闸门。',
  },
  CONSENT_CHALLENGE_BEACON: {
    en: 'Beacon {id} of the challenge is not on chain as it is stated there, or is not this regulator’s.',
    'zh-CN': '抽查所称的随机信标 {id} 与链上不一致,或不属于该监管机构。',
  },
  CONSENT_CHALLENGE_SAMPLE: {
    en: 'The beacon did not pick these queries of request {requestId}: somebody chose them. Nothing is opened.',
    'zh-CN': '申请 {requestId} 的这些查询并非由信标抽出,而是有人挑选的。不予公开。',
  },
  CONSENT_WINDOW_OVER: {
    en: 'Request {requestId} ended too long ago: what opens its queries need not be kept any more.',
    'zh-CN': '申请 {requestId} 结束已久:用于公开其查询的数据已无须保存。',
  },
  CONSENT_NOT_ASKED: {
    en: 'Request {requestId} names no holder of consents; there is nothing to audit.',
    'zh-CN': '申请 {requestId} 未指定同意的保管方,无可抽查。',
  },
  CONSENT_LOG_UNREAD: {
    en: 'The log of gate {org} could not be read as far as it was anchored; without it nothing can be sampled.',
    'zh-CN': '无法读取闸门 {org} 已上链部分的日志,因而无法抽样。',
  },
  CONSENT_OPENING_OTHER: {
    en: 'This is no opening by the requester of request {requestId} to this challenge.',
    'zh-CN': '这不是申请 {requestId} 的申请方针对本次抽查所作的公开。',
  },
  CONSENT_AUDIT_PENDING: {
    en: 'The bank has until {deadline} to open the sampled queries; nothing is decided before.',
    'zh-CN': '银行须在 {deadline} 前公开被抽查的查询,在此之前不作结论。',
  },
  CONSENT_FOUND_NOT_OPENED: { en: 'was not opened', 'zh-CN': '未予公开' },
  CONSENT_FOUND_OTHER_QUERY: { en: 'another query was opened in its place', 'zh-CN': '公开的并非该次查询' },
  CONSENT_FOUND_NO_RECEIPT: {
    en: 'no consent stood in the log that was on chain then',
    'zh-CN': '当时链上的同意日志中没有对应的同意',
  },
  CONSENT_FOUND_OTHER_REQUESTER: { en: 'the consent is for another requester', 'zh-CN': '该同意是给其他申请方的' },
  CONSENT_FOUND_OTHER_PURPOSE: { en: 'the consent is for another purpose', 'zh-CN': '该同意是为其他用途作出的' },
  CONSENT_FOUND_OUT_OF_SCOPE: {
    en: 'the consent does not cover all departments that took part',
    'zh-CN': '该同意未覆盖所有参与的部门',
  },
  CONSENT_FOUND_NOT_IN_FORCE: { en: 'the consent was not in force then', 'zh-CN': '该同意当时不在有效期内' },
  CONSENT_FOUND_WITHDRAWN: { en: 'the consent had been withdrawn', 'zh-CN': '该同意当时已被撤回' },
  CONSENT_FOUND_UNCHECKED: {
    en: 'the gate did not look at the log of consents before it answered',
    'zh-CN': '闸门应答前未查看同意日志',
  },
  CONSENT_FOUND_UNKNOWN_ROOT: {
    en: 'the gate says it saw a log of consents that was not on chain then',
    'zh-CN': '闸门声称所见的同意日志当时并未上链',
  },
  CONSENT_FOUND_STALE_ROOT: {
    en: 'the gate looked at a log of consents that had been replaced before',
    'zh-CN': '闸门所用的同意日志当时已被更新的取代',
  },
  CONSENT_REPORT_TITLE: {
    en: 'Consent audit of request {requestId} by {requester}; regulator {regulator}, consents held by {holder}',
    'zh-CN': '{requester} 的申请 {requestId} 的同意抽查;监管机构 {regulator},同意保管方 {holder}',
  },
  CONSENT_REPORT_BEACON: {
    en: 'Beacon {id}, committed to in block {block}; beacons of this regulator that were never revealed: {unrevealed}',
    'zh-CN': '随机信标 {id},于区块 {block} 承诺;该监管机构承诺后从未揭示的信标:{unrevealed} 个',
  },
  CONSENT_REPORT_GATE: {
    en: 'Gate {gate}: {sampled} of {total} queries sampled, {findings} with findings',
    'zh-CN': '闸门 {gate}:共 {total} 次查询,抽查 {sampled} 次,发现问题 {findings} 次',
  },
  CONSENT_REPORT_DETECTION: {
    en: '  A sample of {sampled} finds at least one, were 1 % ({without} of {total}) without consent, in {probability} of audits.',
    'zh-CN': '  若有 1 %({total} 次中 {without} 次)没有同意,抽查 {sampled} 次至少发现一次的概率为 {probability}。',
  },
  CONSENT_REPORT_LEAST_95: {
    en: '  It finds {least} or more of {total} without consent in at least 95 % of audits; fewer may go unseen.',
    'zh-CN': '  {total} 次中若有 {least} 次及以上没有同意,发现的概率不低于 95 %;更少则可能漏过。',
  },
  CONSENT_REPORT_NO_95: {
    en: '  No number of queries without consent would be found in 95 % of audits by this sample.',
    'zh-CN': '  以此样本量,无论有多少次查询没有同意,都达不到 95 % 的发现概率。',
  },
  CONSENT_REPORT_FOUND: {
    en: '  Query {number} (lane {lane}, order {counter}): {finding}',
    'zh-CN': '  第 {number} 次查询(通道 {lane},指令 {counter}):{finding}',
  },
  CONSENT_REPORT_LOG: {
    en: 'The log of {org} is in doubt: {code}',
    'zh-CN': '{org} 的日志存疑:{code}',
  },
  CONSENT_REPORT_PASSED: {
    en: 'Passed: every sampled query had a consent in force.',
    'zh-CN': '通过:所有被抽查的查询均有有效的同意。',
  },
  CONSENT_REPORT_FAILED: {
    en: 'Failed: there are queries that were not opened or had no consent in force.',
    'zh-CN': '不通过:存在未予公开或没有有效同意的查询。',
  },
  CONSENT_REPORT_INCOMPLETE: {
    en: 'Incomplete: the bank opened its queries, but a gate’s log or checks cannot be relied on.',
    'zh-CN': '未完成:银行已公开其查询,但某闸门的日志或检查不可信赖。',
  },
  CONSENT_REPORT_SUSPENDED: {
    en: 'The grant was suspended on chain.',
    'zh-CN': '该授权已在链上暂停。',
  },
  CONSENT_HOLDER_MISSING: {
    en: 'The grant asks for consent, and the request names nobody who holds a log of consents.',
    'zh-CN': '授权要求取得同意,但申请未指定同意日志的保管方。',
  },
  CONSENT_ROOT_OLD: {
    en: 'The root of the consent log of {holder} on chain is older than {days} days.',
    'zh-CN': '{holder} 的同意日志上链已超过 {days} 天。',
  },
  CONSENT_AUDIT_FAILED: {
    en: 'An audit of consents by {regulator} found queries without consent under this grant.',
    'zh-CN': '{regulator} 的同意抽查发现该授权项下存在未经同意的查询。',
  },
  CONSENT_AUDIT_OVERDUE: {
    en: 'An audit of consents by {regulator} is past its deadline without a result.',
    'zh-CN': '{regulator} 的同意抽查已过期限而无结果。',
  },
  CONSENT_NOTICE_OTHER: {
    en: 'This node is no gate of request {requestId}, or the deadline is out of range.',
    'zh-CN': '本节点不是申请 {requestId} 的闸门,或期限超出范围。',
  },
  CONSENT_NOTICE_OLD: {
    en: 'The regulator has said something later of its audit already.',
    'zh-CN': '该监管机构此前已就此次抽查发出更晚的通知。',
  },
  CONSENT_NOTHING_SAMPLED: {
    en: 'No query of request {requestId} was anchored before the beacon: there is nothing to sample yet.',
    'zh-CN': '在信标承诺之前,申请 {requestId} 尚无已上链的查询,无可抽查。',
  },
  CONSENT_USAGE: {
    en: 'usage, holder: sealedger consent add --subject-file FILE --purpose CODE --days N [--requester ORG] [--scope ORG,…] --profile FILE\n       sealedger consent import FILE.csv --profile FILE\n       sealedger consent withdraw --index N | --subject-file FILE [--purpose CODE] [--requester ORG] --profile FILE\n       sealedger consent commit|show [--index N --out FILE] --profile FILE\n       sealedger consent export --requester ORG --out FILE --profile FILE\nbank:  sealedger consent receive FILE --profile FILE\n       sealedger consent open CHALLENGE --out FILE --profile FILE\n       sealedger consent erase REQUEST --profile FILE\nregulator: sealedger consent audit REQUEST --out CHALLENGE [--sample N] [--days N] --profile FILE\n       sealedger consent check CHALLENGE [OPENING] [--out REPORT] --profile FILE\nall:   [--json] [--lang en|zh-CN] [--passphrase-file FILE | --passphrase-fd N]',
    'zh-CN':
      '用法,保管方:sealedger consent add --subject-file 文件 --purpose 代码 --days 天数 [--requester 机构] [--scope 机构,…] --profile 文件\n     sealedger consent import 文件.csv --profile 文件\n     sealedger consent withdraw --index 序号 | --subject-file 文件 [--purpose 代码] [--requester 机构] --profile 文件\n     sealedger consent commit|show [--index 序号 --out 文件] --profile 文件\n     sealedger consent export --requester 机构 --out 文件 --profile 文件\n银行:sealedger consent receive 文件 --profile 文件\n     sealedger consent open 抽查文件 --out 文件 --profile 文件\n     sealedger consent erase 申请编号 --profile 文件\n监管机构:sealedger consent audit 申请编号 --out 抽查文件 [--sample 数量] [--days 天数] --profile 文件\n     sealedger consent check 抽查文件 [公开文件] [--out 报告] --profile 文件\n通用:[--json] [--lang en|zh-CN] [--passphrase-file 文件 | --passphrase-fd 描述符]',
  },
  CONSENT_TABLE: {
    en: 'Line {line} of the table of consents: "{column}" is missing or has no valid value.',
    'zh-CN': '同意数据表第 {line} 行:“{column}”缺失或取值无效。',
  },
  CONSENT_ADDED: {
    en: '{count} consents added; the log has {size} entries. They count once a root is committed.',
    'zh-CN': '已添加 {count} 条同意;日志共 {size} 条。上链后方才生效。',
  },
  CONSENT_AT: { en: 'It stands at index {index}.', 'zh-CN': '其序号为 {index}。' },
  CONSENT_NONE_STANDS: {
    en: 'No consent of this subject stands that could be withdrawn.',
    'zh-CN': '该主体没有可撤回的有效同意。',
  },
  CONSENT_WITHDRAWN: {
    en: '{count} consents withdrawn; the log has {size} entries. It counts from the block of the next commit.',
    'zh-CN': '已撤回 {count} 条同意;日志共 {size} 条。自下一次上链的区块起生效。',
  },
  CONSENT_COMMITTED: {
    en: 'Committed: {size} entries, root {root}.',
    'zh-CN': '已上链:{size} 条,根 {root}。',
  },
  CONSENT_COMMITTED_ALREADY: {
    en: 'The chain has everything already.',
    'zh-CN': '链上已是最新,无须再次提交。',
  },
  CONSENT_NO_RECEIPT_AT: { en: 'There is no consent at index {index}.', 'zh-CN': '序号 {index} 处没有同意凭据。' },
  CONSENT_WRITTEN: { en: 'Written: {file}', 'zh-CN': '已写入:{file}' },
  CONSENT_STATUS: {
    en: '{receipts} consents, {withdrawn} withdrawals; {committed} of {size} entries are on chain.',
    'zh-CN': '同意 {receipts} 条,撤回 {withdrawn} 条;{size} 条中已上链 {committed} 条。',
  },
  CONSENT_RECEIVED: {
    en: 'Taken in: {receipts} consents in favour of this organisation.',
    'zh-CN': '已导入 {receipts} 条给予本机构的同意。',
  },
  CONSENT_OPENED: {
    en: '{opened} queries opened with their consent, {without} without one, {lost} could not be opened.',
    'zh-CN': '已公开 {opened} 次查询及其同意;{without} 次没有同意,{lost} 次无法公开。',
  },
  CONSENT_ERASED: {
    en: 'Erased: what would open {orders} orders. An audit can no longer be answered.',
    'zh-CN': '已清除 {orders} 份指令的公开数据,今后无法再应答抽查。',
  },
  CONSENT_CHALLENGED: {
    en: 'The beacon picked {sampled} of {total} queries. Hand {file} to the bank; it has until {deadline} to open them.',
    'zh-CN': '信标从 {total} 次查询中抽中 {sampled} 次。请将 {file} 交给银行,须在 {deadline} 前公开。',
  },
  CONSENT_GATE_UNTOLD: {
    en: 'Gate {gate} could not be told of the audit: {code}',
    'zh-CN': '未能将抽查通知闸门 {gate}:{code}',
  },
} as const;
