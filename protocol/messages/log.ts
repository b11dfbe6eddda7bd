/** Messages of the log's own tools: fsck, the watcher of the chain, the status of a node; see catalogue.ts. */
export const logMessages = {
  FSCK_MISSING: {
    en: '{where} is missing from the store.',
    'zh-CN': '存储中缺少 {where}。',
  },
  FSCK_SURPLUS: {
    en: '{where} is in the store and belongs to nothing in the log.',
    'zh-CN': '存储中的 {where} 不属于日志中的任何内容。',
  },
  FSCK_FORM: {
    en: '{where} does not have the form in which it was written.',
    'zh-CN': '{where} 的格式与写入时不同。',
  },
  FSCK_STATE: {
    en: '{where}: the events give {expected}, the stored state says {found}.',
    'zh-CN': '{where}:由事件得出 {expected},而所存状态为 {found}。',
  },
  FSCK_EVENT_SOURCE: {
    en: '{where} is an event of {found}, and this is the log of {expected}.',
    'zh-CN': '{where} 是 {found} 的事件,而本日志属于 {expected}。',
  },
  FSCK_EVENT_KEY: {
    en: '{where} names key epoch {found}; the order of the log and the chain allow {expected}.',
    'zh-CN': '{where} 使用第 {found} 期密钥;按日志顺序与链上登记应为 {expected}。',
  },
  FSCK_EVENT_SIGNATURE: {
    en: '{where} is not signed by the key of epoch {expected}.',
    'zh-CN': '{where} 并非由第 {expected} 期密钥签名。',
  },
  FSCK_EVENT_OPENING: {
    en: '{where}: the opening of the field {expected} does not open its commitment.',
    'zh-CN': '{where}:字段 {expected} 的开启值与其承诺不符。',
  },
  FSCK_EVENT_REPEATED: {
    en: '{where} has the id of event {found}.',
    'zh-CN': '{where} 与事件 {found} 的标识相同。',
  },
  FSCK_INDEX: {
    en: '{where} should say {expected}, and says {found}.',
    'zh-CN': '{where} 应为 {expected},实为 {found}。',
  },
  FSCK_TILE: {
    en: '{where}: from hash {found} on the stored tile differs from the events (of {expected} hashes).',
    'zh-CN': '{where}:自第 {found} 个哈希起,所存瓦片与事件不符(共 {expected} 个哈希)。',
  },
  FSCK_CHECKPOINT_ROOT: {
    en: '{where}: the events give the root {expected}, the stored checkpoint has {found}.',
    'zh-CN': '{where}:由事件得出的根为 {expected},所存检查点为 {found}。',
  },
  FSCK_CHECKPOINT_SIZE: {
    en: '{where}: a checkpoint of {found} events, but the log has {expected}: the log was set back.',
    'zh-CN': '{where}:检查点含 {found} 个事件,而日志只有 {expected} 个:日志被回退。',
  },
  FSCK_CHECKPOINT_SIGNATURE: {
    en: '{where} is not signed by the key of epoch {expected}.',
    'zh-CN': '{where} 并非由第 {expected} 期密钥签名。',
  },
  FSCK_ANCHOR_ROOT: {
    en: '{where}: the events give the root {expected}, the chain holds {found}: two histories.',
    'zh-CN': '{where}:由事件得出的根为 {expected},链上为 {found}:存在两份历史。',
  },
  FSCK_ANCHOR_SIZE: {
    en: '{where}: the chain holds a checkpoint of {found} events, the log has {expected}: the log was set back.',
    'zh-CN': '{where}:链上检查点含 {found} 个事件,而日志只有 {expected} 个:日志被回退。',
  },
  FSCK_ANCHOR_LATE: {
    en: '{where} was signed under key epoch {expected} and anchored after that key was replaced (block {found}): no proof that it was signed before.',
    'zh-CN': '{where} 以第 {expected} 期密钥签名,却在该密钥更换后才锚定(区块 {found}):无法证明签名在更换之前。',
  },
  FSCK_UNCHECKED_CHAIN: {
    en: 'Not checked: what is anchored on chain, and which keys it shows (the chain gave no answer: {code}).',
    'zh-CN': '未核验:链上锚定内容及所登记的密钥(链无应答:{code})。',
  },
  FSCK_UNCHECKED_KEYS: {
    en: 'Not checked: signatures under the key epochs {epochs}; neither chain nor keystore gave their keys.',
    'zh-CN': '未核验:第 {epochs} 期密钥的签名;链与密钥库均未提供这些密钥。',
  },
  FSCK_UNCHECKED_LOCK: {
    en: 'Not checked: whether a node is running on this directory; its lock file is missing or cannot be opened.',
    'zh-CN': '未核验:是否有节点正在使用该目录;锁文件缺失或无法打开。',
  },
  FSCK_NODE_RUNNING: {
    en: 'A node is running on this data directory; stop it first. Nothing was read.',
    'zh-CN': '有节点正在使用该数据目录;请先停止它。未读取任何内容。',
  },
  FSCK_STORE_MISSING: {
    en: 'The data directory holds no store of a node.',
    'zh-CN': '数据目录中没有节点的存储。',
  },
  FSCK_STORE_UNREADABLE: {
    en: 'The store cannot be opened ({reason}): a file of it is damaged or missing.',
    'zh-CN': '无法打开存储({reason}):其中有文件损坏或缺失。',
  },
  STORE_IN_USE: {
    en: 'Another process has the store of this data directory open; two nodes never share one.',
    'zh-CN': '该数据目录的存储正被另一进程使用;两个节点不得共用同一目录。',
  },
  FSCK_PROGRESS: {
    en: 'fsck: {done} of {size} events',
    'zh-CN': 'fsck:{done}/{size} 个事件',
  },
  FSCK_CLEAN: {
    en: '{org}: {size} events, {checkpoints} checkpoints and {tiles} tiles agree; {anchors} anchors on chain. Root {root}.',
    'zh-CN': '{org}:{size} 个事件、{checkpoints} 个检查点、{tiles} 个瓦片一致;链上锚定 {anchors} 次。根 {root}。',
  },
  FSCK_DIFFERS: {
    en: '{org}: the log differs, first here:',
    'zh-CN': '{org}:日志存在差异,第一处为:',
  },
  ROTATION_NOT_ANCHORED: {
    en: 'Of {size} events only {confirmed} are anchored for good; the key must not be replaced before all are.',
    'zh-CN': '{size} 个事件中只有 {confirmed} 个已最终锚定;全部锚定之前不得更换密钥。',
  },
  STATUS_SUMMARY: {
    en: 'Tells how the node is: log, anchoring, chain, alerts.',
    'zh-CN': '报告节点状态:日志、锚定、链、告警。',
  },
  STATUS_READY: {
    en: '{org} is ready; up for {seconds} s.',
    'zh-CN': '{org} 已就绪;已运行 {seconds} 秒。',
  },
  STATUS_STARTING: {
    en: '{org} is starting, for {seconds} s.',
    'zh-CN': '{org} 正在启动,已 {seconds} 秒。',
  },
  STATUS_LOG: {
    en: 'log: {size} events ({kinds})',
    'zh-CN': '日志:{size} 个事件({kinds})',
  },
  STATUS_ANCHORING: {
    en: 'anchored: {anchoredSize}, confirmed {confirmedSize}; {backlog} of at most {backlogLimit} wait, the oldest for {seconds} s',
    'zh-CN':
      '已锚定:{anchoredSize},已确认 {confirmedSize};待锚定 {backlog}(上限 {backlogLimit}),最早的已等待 {seconds} 秒',
  },
  STATUS_ANCHOR_ERROR: {
    en: 'anchoring fails: {code}, {failures} times in a row',
    'zh-CN': '锚定失败:{code},连续 {failures} 次',
  },
  STATUS_CHAIN: {
    en: 'chain: block {head}, taken in up to {seenBlock}, reached {seconds} s ago',
    'zh-CN': '链:区块 {head},已处理至 {seenBlock},{seconds} 秒前可达',
  },
  STATUS_CHAIN_UNSEEN: {
    en: 'chain: not reached since the start',
    'zh-CN': '链:启动以来尚未连通',
  },
  STATUS_ALERT: {
    en: 'ALERT: {code}',
    'zh-CN': '告警:{code}',
  },
} as const;
