/** Messages of models, requests, nodes and the runner; see catalogue.ts. */
export const nodeMessages = {
  MODEL_UNKNOWN_PARTY: {
    en: 'Feature {index} of the model belongs to "{party}", which is no party of this case.',
    'zh-CN': '模型的第 {index} 个特征属于“{party}”,而它不是本案的参与方。',
  },
  MODEL_UNKNOWN_FIELD: {
    en: 'Feature {index} of the model names the field "{field}", which {party} does not hold.',
    'zh-CN': '模型的第 {index} 个特征引用字段“{field}”,但 {party} 没有该字段。',
  },
  MODEL_CLIP_REVERSED: {
    en: 'Feature {index} of the model ({party}.{field}) has a clip whose lower end is above its upper end.',
    'zh-CN': '模型的第 {index} 个特征({party}.{field})的截断下限大于上限。',
  },
  MODEL_WITHOUT_DEPARTMENT: {
    en: 'No feature of the model belongs to a department: there is nothing to ask for.',
    'zh-CN': '模型中没有任何属于部门的特征:无需提出请求。',
  },
  CELL_NOT_NUMERIC: {
    en: 'Row {row}: the field "{field}" is used as a number but holds something else.',
    'zh-CN': '第 {row} 行:字段“{field}”应为数值,但内容不是数值。',
  },
  COMPUTATION_INCOMPLETE: {
    en: 'The computation cannot be described yet: attempt {attempt}, {grants} grants; every owner must approve and every gate publish its key first.',
    'zh-CN': '尚不能确定计算:第 {attempt} 次尝试,{grants} 份授权;须先由各数据方批准、各闸口公布密钥。',
  },
  COMPUTATION_UNKNOWN: {
    en: 'No computation {computationId} is known here.',
    'zh-CN': '本节点没有计算 {computationId}。',
  },
  COMPUTATION_RETIRED: {
    en: 'Computation {computationId} was retired by a later attempt.',
    'zh-CN': '计算 {computationId} 已被后一次尝试取代。',
  },
  COMPUTATION_CONFLICT: {
    en: 'Computation {computationId} exists here with another {part}; it is never computed twice with different input.',
    'zh-CN': '计算 {computationId} 已存在,但 {part} 不同;同一计算绝不以不同输入执行两次。',
  },
  COMPUTATION_FAILED: {
    en: 'The computation ended here with {code}; open a new attempt.',
    'zh-CN': '该计算在此以 {code} 结束;请开启新的尝试。',
  },
  COMPUTATION_ATTEMPT: {
    en: 'Attempt {attempt} is not the one that the contract gave out last ({current}).',
    'zh-CN': '第 {attempt} 次尝试不是合约最近给出的尝试({current})。',
  },
  ANNOUNCEMENTS_INCOMPLETE: {
    en: 'The announcements do not come from exactly the {expected} participants of the grant; "{org}" is missing, double or wrong.',
    'zh-CN': '公告并非恰好来自授权的 {expected} 个参与方;“{org}”缺失、重复或有误。',
  },
  CHUNK_NOT_READY: {
    en: 'Chunk {chunk} is not computed yet.',
    'zh-CN': '第 {chunk} 块尚未计算完成。',
  },
  CHUNK_UNKNOWN: {
    en: 'There is no chunk {chunk}; the computation has {chunks}.',
    'zh-CN': '不存在第 {chunk} 块;该计算共有 {chunks} 块。',
  },
  REQUEST_UNKNOWN: {
    en: 'The chain knows no request {requestId}.',
    'zh-CN': '链上没有请求 {requestId}。',
  },
  REQUEST_SHEET_MISMATCH: {
    en: 'The feature sheet is not the one that the request commits to.',
    'zh-CN': '特征清单与请求中的承诺不符。',
  },
  REQUEST_TERMS_MISMATCH: {
    en: "The request's {part} differs from what stands on chain.",
    'zh-CN': '请求的 {part} 与链上记录不一致。',
  },
  REQUEST_NOT_ACTIVE: {
    en: 'The request is {state}, not active.',
    'zh-CN': '该请求的状态为 {state},并非生效中。',
  },
  REQUEST_NOT_CONCERNED: {
    en: 'This organisation is neither an owner nor a gate of the request.',
    'zh-CN': '本机构既不是该请求的数据方,也不是其闸口。',
  },
  REQUEST_NOT_REQUESTER: {
    en: 'Only the requester of the request may do this.',
    'zh-CN': '只有该请求的提出方可以执行此操作。',
  },
  REQUEST_FIELD_UNKNOWN: {
    en: 'The request asks for the field "{field}", which the dataset does not declare as a {kind}.',
    'zh-CN': '请求的字段“{field}”未在数据集中声明为 {kind}。',
  },
  REQUEST_IMPUTATION_MISMATCH: {
    en: 'The request\'s imputation value of "{field}" is not the one that the catalogue declares.',
    'zh-CN': '请求中“{field}”的填补值与目录声明不一致。',
  },
  REQUEST_REJECTED: {
    en: '{decider} rejected the request; the grant in its evidence names the rule.',
    'zh-CN': '{decider} 拒绝了该请求;所依据的规则见其证据中的授权。',
  },
  REQUEST_TIMED_OUT: {
    en: 'The request was not approved in {seconds} s; it waits for {missing}.',
    'zh-CN': '该请求在 {seconds} 秒内未获批准;仍在等待 {missing}。',
  },
  MODEL_UPLOAD_SIZE: {
    en: 'The sealed model has {bytes} bytes; {expectedBytes} were expected.',
    'zh-CN': '密封模型为 {bytes} 字节;应为 {expectedBytes} 字节。',
  },
  MODEL_DIGEST_MISMATCH: {
    en: "The sealed model's {part} has another digest than the model on chain.",
    'zh-CN': '密封模型的 {part} 摘要与链上模型不一致。',
  },
  MODEL_NOT_UPLOADED: {
    en: 'The sealed model of this request was not uploaded to this node.',
    'zh-CN': '本节点尚未收到该请求的密封模型。',
  },
  DATASET_UNKNOWN: {
    en: 'The request names the dataset version {dataset}, which this node does not publish.',
    'zh-CN': '请求引用的数据集版本 {dataset} 并非本节点发布。',
  },
  DATASET_CHANGED: {
    en: 'The table behind "{dataset}" is no longer the one that was published; publish a new version first.',
    'zh-CN': '“{dataset}”的源表与已发布版本不同;请先发布新版本。',
  },
  TABLE_UNREADABLE: {
    en: 'The table {file} cannot be read as CSV (line {line}).',
    'zh-CN': '无法将表 {file} 读作 CSV(第 {line} 行)。',
  },
  TABLE_FIELD_MISSING: {
    en: 'The table has no column "{field}".',
    'zh-CN': '该表没有“{field}”列。',
  },
  ROW_IDENTIFIER_INVALID: {
    en: '{dataset}, row {row}: the identifier is not valid ({reason}).',
    'zh-CN': '{dataset} 第 {row} 行:标识号无效({reason})。',
  },
  ROW_DUPLICATE_SUBJECT: {
    en: '{dataset}, row {row}: the subject stands in row {firstRow} already.',
    'zh-CN': '{dataset} 第 {row} 行:该主体已出现在第 {firstRow} 行。',
  },
  REGISTER_MISMATCH: {
    en: 'The register version {register} that was sent differs from the one on chain ({part}).',
    'zh-CN': '收到的基础库版本 {register} 与链上记录不一致({part})。',
  },
  REGISTER_UNKNOWN: {
    en: 'No register version {register} is published here.',
    'zh-CN': '本节点未发布基础库版本 {register}。',
  },
  UNLOCK_FRAME_MALFORMED: {
    en: "The unlocking's frame is malformed: {reason}.",
    'zh-CN': '解锁报文格式错误:{reason}。',
  },
  UNLOCK_ORDER_MISMATCH: {
    en: "The unlocking order's {part} does not fit what was sent.",
    'zh-CN': '解锁指令的 {part} 与所发内容不符。',
  },
  UNLOCK_LANE_CONFLICT: {
    en: 'Lane {lane}: order {counter} was refused; the next is {expectedCounter} and must name the receipt before it.',
    'zh-CN': '通道 {lane}:指令 {counter} 被拒绝;下一个应为 {expectedCounter},且须引用前一回执。',
  },
  UNLOCK_RECEIPT_MISMATCH: {
    en: "The gate's receipt does not fit the order ({part}).",
    'zh-CN': '闸口回执与指令不符({part})。',
  },
  QUOTA_EXHAUSTED: {
    en: '{used} of {quota} unlockings are used; {count} more do not fit.',
    'zh-CN': '配额 {quota} 已用 {used};无法再解锁 {count} 次。',
  },
  GRANT_EXPIRED: {
    en: 'The grant expired.',
    'zh-CN': '授权已到期。',
  },
  GATES_DISAGREE: {
    en: 'The gates point to different slots for one subject.',
    'zh-CN': '各闸口对同一主体给出的位置不一致。',
  },
  RESULT_UNKNOWN: {
    en: 'The chain holds no result batch {batch} of this request.',
    'zh-CN': '链上没有该请求的第 {batch} 批结果。',
  },
  WORKER_FAILED: {
    en: 'A worker thread failed; the chunk will be computed again.',
    'zh-CN': '工作线程失败;该块将重新计算。',
  },
  PEER_UNREACHABLE: {
    en: '{peer} cannot be reached.',
    'zh-CN': '无法连接 {peer}。',
  },
  PEER_ANSWER_UNKNOWN: {
    en: '{peer} answered with status {status} in a form that is not known.',
    'zh-CN': '{peer} 以未知格式返回状态 {status}。',
  },
  PEER_ANSWER_TOO_LARGE: {
    en: '{peer} answers with more than {limitBytes} bytes.',
    'zh-CN': '{peer} 的应答超过 {limitBytes} 字节。',
  },
  ROUTE_UNKNOWN: {
    en: 'There is no such route.',
    'zh-CN': '没有此接口。',
  },
  ROLE_MISSING: {
    en: '{org} does not have the role for this call ({needed}).',
    'zh-CN': '{org} 没有此调用所需的角色({needed})。',
  },
  MEMBER_UNKNOWN: {
    en: '{org} is no member of the consortium.',
    'zh-CN': '{org} 不是联盟成员。',
  },
  MEMBER_SUSPENDED: {
    en: '{org} is suspended.',
    'zh-CN': '{org} 已被暂停。',
  },
  MEMBER_KEY_EPOCH: {
    en: 'Key epoch {keyEpoch} of {org} is not the current one.',
    'zh-CN': '{org} 的密钥期 {keyEpoch} 不是当前密钥期。',
  },
  NONCE_REPLAYED: {
    en: 'This call was received before.',
    'zh-CN': '此调用已收到过。',
  },
  BODY_TOO_LARGE: {
    en: 'The body has {declaredBytes} bytes; at most {limitBytes} are taken.',
    'zh-CN': '请求体为 {declaredBytes} 字节;最多接受 {limitBytes} 字节。',
  },
  BODY_LENGTH_MISSING: {
    en: 'A body needs a Content-Length.',
    'zh-CN': '请求体必须带 Content-Length。',
  },
  BODY_ENCODED: {
    en: 'Encoded bodies are not taken.',
    'zh-CN': '不接受压缩或编码的请求体。',
  },
  BODY_DIGEST_MISMATCH: {
    en: 'The body differs from its signed digest.',
    'zh-CN': '请求体与已签名的摘要不符。',
  },
  CHAIN_STALE: {
    en: 'The chain has not been seen for {seconds} s; work that needs a grant waits.',
    'zh-CN': '已 {seconds} 秒未见到链;需要授权的工作暂缓。',
  },
  INTERNAL: {
    en: 'The node failed; its log has the cause.',
    'zh-CN': '节点内部错误;原因见其日志。',
  },
  SCENARIO_UNREADABLE: {
    en: 'The scenario directory has no readable {file}.',
    'zh-CN': '场景目录中没有可读的 {file}。',
  },
  SCENARIO_PARTIES: {
    en: '{party} stands in the scenario twice, or is the bank and something else; each party is an organisation of its own.',
    'zh-CN': '{party} 在场景中重复出现,或既是银行又担任其他角色;各参与方须为不同机构。',
  },
  ARGUMENT_INVALID: {
    en: 'The argument {argument} is not valid: {reason}.',
    'zh-CN': '参数 {argument} 无效:{reason}。',
  },
  PROCESS_FAILED: {
    en: 'The process {name} ended too early (exit code {exitCode}); the end of {log} says why. State of an earlier version does not open: take another --out.',
    'zh-CN': '进程 {name} 过早结束(退出码 {exitCode});原因见 {log} 末尾。早期版本留下的状态无法打开:请换一个 --out。',
  },
} as const;
