/** Messages of the verifier: what it claims (`CLAIM_`), and why a claim does not hold (`WHY_`); see catalogue.ts. */
export const verifyMessages = {
  CLAIM_FORM: {
    en: 'The file is in its one canonical form, each part once and none for nothing',
    'zh-CN': '文件为唯一规范形式,各部分不重复、不多余',
  },
  CLAIM_CHAIN_PINNED: {
    en: 'It is about the chain and the contracts that you trust',
    'zh-CN': '所涉链与合约即您所信任者',
  },
  CLAIM_BLOCK_SEALED: { en: 'The block was sealed by validators that you trust', 'zh-CN': '区块由您信任的验证者签封' },
  CLAIM_RECEIPT_PROVEN: { en: 'The receipt is part of its block', 'zh-CN': '交易收据属于该区块' },
  CLAIM_KEY_REGISTERED: { en: 'The signing key is registered on the chain', 'zh-CN': '签名密钥已在链上登记' },
  CLAIM_CHECKPOINT_SIGNED: { en: 'The checkpoint is signed by its organisation', 'zh-CN': '检查点由其机构签名' },
  CLAIM_CHECKPOINT_ANCHORED: { en: 'The checkpoint is anchored on the chain', 'zh-CN': '检查点已锚定上链' },
  CLAIM_LOG_CONSISTENT: { en: 'The log only grew between its checkpoints', 'zh-CN': '日志在各检查点之间只增不改' },
  CLAIM_LOG_CONTINUES: { en: 'The log continues the one that you verified last', 'zh-CN': '日志延续您上次核验的日志' },
  CLAIM_EVENT_SIGNED: {
    en: 'The event, with the fields that are open here, is signed by its organisation',
    'zh-CN': '事件及其在此公开的字段由其机构签名',
  },
  CLAIM_EVENT_LOGGED: { en: 'The event stands in the log at its place', 'zh-CN': '事件位于日志中的所述位置' },
  CLAIM_EVENT_FIELDS: { en: 'The opened fields are those that were signed', 'zh-CN': '公开的字段即签名时的字段' },
  CLAIM_EVENT_KEY_IN_FORCE: { en: 'The key was in force when it signed', 'zh-CN': '签名时密钥有效' },
  CLAIM_EVENT_AGREES: { en: 'The event says what the chain says', 'zh-CN': '事件与链上记录一致' },
  CLAIM_PART_COMPLETE: {
    en: "The organisation's part is whole, by its own signed word",
    'zh-CN': '该机构签名声明其部分完整,且相符',
  },
  CLAIM_PARTS_PRESENT: {
    en: 'The part of an organisation that acted is in the file',
    'zh-CN': '参与机构的部分在文件中',
  },
  CLAIM_REQUEST_LIFE: {
    en: 'The request went through its states in the only order there is',
    'zh-CN': '请求按唯一允许的顺序经过各状态',
  },
  CLAIM_VERSION_PUBLISHED: { en: 'The version was published by its owner', 'zh-CN': '该数据版本由其所有方发布' },
  CLAIM_QUALITY_RECORDED: {
    en: 'The quality score of the version is on the chain and in the log of its owner',
    'zh-CN': '该版本的质量评分已上链,并记入其所有方的日志',
  },
  CLAIM_QUALITY_FLOOR: {
    en: 'When the attempt was opened, every dataset met the quality floor of the request',
    'zh-CN': '开启计算时,各数据集均达到请求所要求的质量下限',
  },
  CLAIM_UNLOCKS_METERED: { en: 'The unlockings add up and stay within the grant', 'zh-CN': '解锁次数相符且未超授权' },
  CLAIM_COMPUTATION_AGREES: {
    en: 'All organisations worked on the same computation',
    'zh-CN': '各机构进行的是同一计算',
  },
  CLAIM_MODEL_CERTIFIED: {
    en: 'The regulator that the request names certified the model before anything came out',
    'zh-CN': '请求所指定的监管机构在产生结果之前已对模型出具认证',
  },
  CLAIM_GRANTS_NAMED: {
    en: 'The result names the grants of all owners, as they stand on the chain',
    'zh-CN': '结果写明所有数据方的授权,且与链上决定一致',
  },
  CLAIM_RESULT_COMMITTED: { en: 'The batch of results is committed on the chain', 'zh-CN': '该批结果的承诺已上链' },
  CLAIM_NOTHING_LATER: {
    en: 'Nothing later on the chain changes this, by the word of the RPC that is asked',
    'zh-CN': '其后链上无改变此结论的记录(以所询问的 RPC 之言为准,未经证明)',
  },
  CLAIM_COMPUTATION_CORRECT: { en: 'The computation itself is correct', 'zh-CN': '计算本身正确' },
  WHY_ORDER: {
    en: 'The list {part} is not in its order, or has an entry twice.',
    'zh-CN': '列表 {part} 未按规定排序或有重复项。',
  },
  WHY_SURPLUS: { en: 'A {part} serves nothing in this file.', 'zh-CN': '有一项 {part} 在本文件中无用处。' },
  WHY_NOT_CANONICAL: {
    en: 'The text is not the canonical JSON of what it says.',
    'zh-CN': '文本不是其内容的规范 JSON。',
  },
  WHY_OTHER_CHAIN: {
    en: 'It is about chain {found}; you trust chain {expected}.',
    'zh-CN': '所涉为链 {found};您信任的是链 {expected}。',
  },
  WHY_OTHER_GENESIS: {
    en: 'Its chain has another genesis block than the one you trust.',
    'zh-CN': '该链的创世区块与您信任的不同。',
  },
  WHY_OTHER_CONTRACT: {
    en: 'Its contract {contract} has another address than the one you trust.',
    'zh-CN': '合约 {contract} 的地址与您信任的不同。',
  },
  WHY_BLOCK_NOT_THE_PINNED: {
    en: 'The block has the number of your checkpoint and another hash.',
    'zh-CN': '该区块与您的检查点同号而哈希不同。',
  },
  WHY_SEAL_WRONG: {
    en: 'A seal is wrong, or not by a validator that you trust.',
    'zh-CN': '签封有误,或签封者不在您信任的验证者之列。',
  },
  WHY_SEALS_MISSING: { en: '{found} seals; {needed} are needed.', 'zh-CN': '签封 {found} 个;需要 {needed} 个。' },
  WHY_NO_VALIDATOR_PINNED: {
    en: 'Your trust file names no validator, and this block is not your checkpoint.',
    'zh-CN': '信任文件未列验证者,且该区块不是您的检查点。',
  },
  WHY_BLOCK_NOT_PROVEN: { en: 'Its block is not in the file, or not sealed.', 'zh-CN': '其区块不在文件中或未签封。' },
  WHY_RECEIPT_PROOF: {
    en: 'The proof does not lead from the block to the receipt ({code}).',
    'zh-CN': '证明不能由区块得出该收据({code})。',
  },
  WHY_KEY_UNKNOWN: {
    en: 'No proven receipt of the Consortium contract registers this key.',
    'zh-CN': '没有经证明的联盟合约收据登记该密钥。',
  },
  WHY_UNREADABLE: {
    en: 'It cannot be read as an evidence bundle. {reason}',
    'zh-CN': '无法作为证据包读取。{reason}',
  },
  WHY_SIGNATURE: {
    en: 'The signature does not hold under the registered key.',
    'zh-CN': '签名在所登记的密钥下不成立。',
  },
  WHY_NOT_ANCHORED: {
    en: 'No proven receipt of the Evidence contract anchors it.',
    'zh-CN': '没有经证明的存证合约收据锚定它。',
  },
  WHY_OTHER_ROOT: { en: 'The chain holds another root for this size.', 'zh-CN': '链上该大小对应的根不同。' },
  WHY_NO_CHECKPOINT: { en: 'The checkpoint that it needs is not in the file.', 'zh-CN': '所需检查点不在文件中。' },
  WHY_NOT_INCLUDED: {
    en: "The inclusion proof does not lead from the event to the checkpoint's root.",
    'zh-CN': '包含证明不能由事件得出检查点的根。',
  },
  WHY_NO_CONSISTENCY: {
    en: 'The file has no consistency proof between the two sizes; collect it again with --state (sealedger evidence), or have each node export with --since.',
    'zh-CN': '文件缺少两个大小之间的一致性证明;请用 --state 重新收集(sealedger evidence),或由各节点用 --since 导出。',
  },
  WHY_NOT_CONSISTENT: {
    en: 'The consistency proof does not hold: the log was changed, or the proof is wrong.',
    'zh-CN': '一致性证明不成立:日志被改动或证明有误。',
  },
  WHY_TWO_HISTORIES: {
    en: 'For this size you saw another root: the organisation shows two histories.',
    'zh-CN': '您曾见过该大小的另一个根:该机构出示了两份历史。',
  },
  WHY_BUNDLE_OLDER: { en: 'Your last state is newer than this file.', 'zh-CN': '您上次的状态比本文件更新。' },
  WHY_START_UNKNOWN: {
    en: 'It proves growth from {from} events, a state that you do not hold.',
    'zh-CN': '其证明自 {from} 个事件起的增长,而您没有该状态。',
  },
  WHY_FIELDS_OF_KIND: {
    en: 'It lacks a field of its kind, or has one that its kind does not have.',
    'zh-CN': '缺少该类事件应有的字段,或有不应有的字段。',
  },
  WHY_OPENING: {
    en: 'The opening of field {field} does not fit its commitment, or is no value of that field.',
    'zh-CN': '字段 {field} 的公开值与承诺不符,或不是该字段的取值。',
  },
  WHY_ORGANISATION_SUSPENDED: {
    en: '{org} was suspended when the checkpoint was anchored.',
    'zh-CN': '锚定检查点时,{org} 处于停权状态。',
  },
  WHY_KEY_REPLACED: {
    en: 'A later key was registered before this event was anchored.',
    'zh-CN': '该事件锚定之前,已登记了后续密钥。',
  },
  WHY_WITHHELD: { en: 'The fields that would tell are withheld.', 'zh-CN': '所需字段未公开。' },
  WHY_OTHER_SUBJECT: { en: 'It is about something else than this file.', 'zh-CN': '其所涉并非本文件的对象。' },
  WHY_NOT_ON_CHAIN: { en: 'The chain has nothing of the kind.', 'zh-CN': '链上没有相应记录。' },
  WHY_CHAIN_DIFFERS: {
    en: 'The chain says something else for field {field}.',
    'zh-CN': '字段 {field} 与链上记录不同。',
  },
  WHY_EVENTS_DROPPED: {
    en: 'Events that the organisation counts are missing, or others were put in.',
    'zh-CN': '缺少该机构所列的事件,或混入了其他事件。',
  },
  WHY_CHAIN_EVENTS_DROPPED: {
    en: 'Receipts that the organisation counted are missing, or others were put in.',
    'zh-CN': '缺少该机构所计的收据,或混入了其他收据。',
  },
  WHY_PART_MISSING: {
    en: 'The part of {org} is not in the file; ask that organisation for it.',
    'zh-CN': '文件缺少 {org} 的部分;请向该机构索取。',
  },
  WHY_LIFE_NOT_SUBMITTED: { en: 'No proven receipt submits the request.', 'zh-CN': '没有经证明的收据提交该请求。' },
  WHY_LIFE_TWICE: { en: '{step} occurs twice.', 'zh-CN': '{step} 出现两次。' },
  WHY_LIFE_ORDER: {
    en: '{step} cannot follow while the request is {phase}; a step is missing.',
    'zh-CN': '请求处于 {phase} 时不能有 {step};缺少步骤。',
  },
  WHY_LIFE_DATASET: {
    en: 'Dataset version {dataset} was asked for and no proven receipt publishes it.',
    'zh-CN': '所请求的数据集版本 {dataset} 没有经证明的发布收据。',
  },
  WHY_LIFE_WITHDRAWN: {
    en: '{step} over the dataset version {dataset} after it was withdrawn.',
    'zh-CN': '数据集版本 {dataset} 撤回之后仍发生 {step}。',
  },
  WHY_VERSION_UNKNOWN: { en: 'No proven receipt publishes the version.', 'zh-CN': '没有经证明的收据发布该版本。' },
  WHY_NO_SCORE: {
    en: 'The chain records no quality score of version {dataset}.',
    'zh-CN': '链上没有版本 {dataset} 的质量评分。',
  },
  WHY_SCORE_ORDER: {
    en: 'Round {found} of the scores follows where {expected} was to come, or somebody else than the owner recorded it.',
    'zh-CN': '质量评分第 {found} 轮出现在应为第 {expected} 轮之处,或并非由所有方记录。',
  },
  WHY_SCORE_UNLOGGED: {
    en: 'The log of {org} says nothing of round {round}.',
    'zh-CN': '{org} 的日志中没有第 {round} 轮评分。',
  },
  WHY_BELOW_FLOOR: {
    en: 'Version {dataset} scored {found} of 10,000; the request asks for {floor}.',
    'zh-CN': '版本 {dataset} 得分 {found}(满分 10000);请求要求不低于 {floor}。',
  },
  WHY_LIFE_STRANGER: {
    en: '{step} by {org}, which has no part in the request.',
    'zh-CN': '{step} 由与请求无关的 {org} 作出。',
  },
  WHY_LIFE_DECISION: { en: 'It became active without a decision of {org}.', 'zh-CN': '未经 {org} 决定即生效。' },
  WHY_LIFE_GATE_KEY: { en: 'It became active without a key of gate {org}.', 'zh-CN': '闸口 {org} 未公布密钥即生效。' },
  WHY_LIFE_EXPIRED: { en: '{step} after the request had expired.', 'zh-CN': '{step} 发生在请求到期之后。' },
  WHY_LIFE_GAP: { en: '{step} {found} where {expected} was to come.', 'zh-CN': '{step} 为 {found},应为 {expected}。' },
  WHY_OVER_QUOTA: { en: '{found} of a quota of {quota}.', 'zh-CN': '配额 {quota},已用 {found}。' },
  WHY_UNLOCKS_GAP: { en: 'The counts of the unlockings do not follow one another.', 'zh-CN': '各次解锁的计数不连续。' },
  WHY_UNLOCKS_UNLOGGED: {
    en: "The chain counts more unlockings than the gate's log.",
    'zh-CN': '链上解锁计数多于闸口日志。',
  },
  WHY_REPAIRS_OMITTED: {
    en: '{omitted} earlier work orders and points are counted, not listed.',
    'zh-CN': '另有 {omitted} 条较早的工单与积分记录仅计数、未列出。',
  },
  WHY_OMITTED: {
    en: '{omitted} earlier unlockings are counted, not listed.',
    'zh-CN': '较早的 {omitted} 次解锁只计数、未逐一列出。',
  },
  WHY_NOT_COMMITTED: { en: 'No proven receipt commits to this batch.', 'zh-CN': '没有经证明的收据承诺该批结果。' },
  WHY_COMPUTATIONS_DIFFER: { en: 'One attempt has two computation ids.', 'zh-CN': '同一次尝试有两个计算编号。' },
  WHY_NOT_CERTIFIED: {
    en: 'No proven receipt certifies this model by {org} for this bank.',
    'zh-CN': '没有经证明的收据表明 {org} 为该银行认证了此模型。',
  },
  WHY_CERTIFIED_LATE: {
    en: '{org} certified it only after something had come out.',
    'zh-CN': '{org} 在已有结果产生之后才出具认证。',
  },
  WHY_CERTIFICATE_WITHDRAWN: {
    en: '{org} took the certificate back before the attempt.',
    'zh-CN': '{org} 在该次计算开启之前已撤回认证。',
  },
  WHY_GRANTS_UNNAMED: { en: 'It names no grant.', 'zh-CN': '未写明任何授权。' },
  WHY_GRANTS_DIFFER: {
    en: 'It names other grants than the decisions on the chain.',
    'zh-CN': '所写明的授权与链上决定不一致。',
  },
  WHY_ASK_CHAIN: {
    en: 'A file ends at block {block}; what came later only the chain can say (sealedger verify --rpc URL).',
    'zh-CN': '文件止于区块 {block};其后之事只有链能回答(sealedger verify --rpc URL)。',
  },
  WHY_NEEDS_AUDIT: {
    en: 'No file shows it; it takes the re-execution audit inside each department.',
    'zh-CN': '任何文件都不能表明;须在各部门内部重算审计。',
  },
  WHY_LATER_KEY: {
    en: 'The chain registered a key of {org} in block {block}, before its last anchor here; the file says nothing of it.',
    'zh-CN': '链上在区块 {block} 为 {org} 登记了密钥,早于其在此的最后锚定,而文件未提及。',
  },
  WHY_LATER_ENDED: {
    en: 'The chain holds {step} in block {block}, later than this file.',
    'zh-CN': '链上在区块 {block} 有 {step},晚于本文件。',
  },
  WHY_BLOCK_REPLACED: {
    en: 'The chain that was asked has another block {block}.',
    'zh-CN': '所查询的链上区块 {block} 与此不同。',
  },
  WHY_RPC_OTHER_CHAIN: {
    en: 'The chain that was asked is not the one that you trust.',
    'zh-CN': '所查询的链不是您信任的链。',
  },
  WHY_RPC_AWAY: { en: 'The chain did not answer.', 'zh-CN': '链没有应答。' },
} as const;
