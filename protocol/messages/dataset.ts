/** Messages of the area `dataset`: definitions, the life of a catalogue entry, needs, search; see catalogue.ts. */
export const datasetMessages = {
  DEFINITION_INVALID: {
    en: '{file}, line {line}, column {column} ({place}): {reason}.',
    'zh-CN': '{file} 第 {line} 行第 {column} 列({place}):{reason}。',
  },
  DEFINITION_UNFILLED: {
    en: '{file}: {count} places are still to be filled in by a person (CHANGE-ME), line {lines}.',
    'zh-CN': '{file} 尚有 {count} 处(CHANGE-ME)须由人员填写:第 {lines} 行。',
  },
  DEFINITION_UNREADABLE: {
    en: 'The definition {file} cannot be read.',
    'zh-CN': '无法读取数据集定义 {file}。',
  },
  DEFINITION_EXISTS: {
    en: 'The file {file} exists; a draft never overwrites one.',
    'zh-CN': '文件 {file} 已存在;草稿绝不覆盖现有文件。',
  },
  DATASET_STATE: {
    en: 'The dataset "{dataset}" is {state}; for this it must be {needed}.',
    'zh-CN': '数据集“{dataset}”的状态为 {state};此操作要求状态为 {needed}。',
  },
  DATASET_SECOND_PERSON: {
    en: 'The dataset "{dataset}" has level {level}; from level {from} a second person must approve it first.',
    'zh-CN': '数据集“{dataset}”为 {level} 级;{from} 级及以上须先由第二人批准。',
  },
  DATASET_REVIEW_CHANGED: {
    en: 'What is in review of "{dataset}" is not what was looked at: {expected} was, {found} is.',
    'zh-CN': '“{dataset}”待审内容与所审阅的不一致:所审阅为 {expected},现为 {found}。',
  },
  DATASET_VERSION_UNKNOWN: {
    en: 'There is no version {version} of the dataset "{dataset}" here.',
    'zh-CN': '本节点没有数据集“{dataset}”的版本 {version}。',
  },
  DATASET_NOT_SHARED: {
    en: 'The owner of the dataset version {dataset} does not share it.',
    'zh-CN': '数据集版本 {dataset} 的提供方不予共享。',
  },
  DATASET_ORIGIN_UNKNOWN: {
    en: 'The dataset "{dataset}" says that it comes from version {version} of {owner}/{name}, which the chain does not know.',
    'zh-CN': '数据集“{dataset}”声明来源于 {owner}/{name} 的版本 {version},但链上没有该版本。',
  },
  REQUEST_FIELD_NOT_OFFERED: {
    en: 'The field "{field}" is not offered for computations ({reason}).',
    'zh-CN': '字段“{field}”不提供用于计算({reason})。',
  },
  CATALOGUE_ANSWER_DIFFERS: {
    en: '{org} lists the dataset version {dataset} otherwise than the chain has it ({part}).',
    'zh-CN': '{org} 所列数据集版本 {dataset} 与链上记录不一致({part})。',
  },
  NEED_UNKNOWN: {
    en: 'No need {need} is known here.',
    'zh-CN': '本节点没有需求 {need}。',
  },
  NEED_NOT_OWN: {
    en: 'The need was filed by another organisation than the one that calls.',
    'zh-CN': '该需求由其他机构提出,与调用方不符。',
  },
  NEED_STATE: {
    en: 'The need is {state} and cannot become {next}.',
    'zh-CN': '该需求状态为 {state},不能变为 {next}。',
  },
  NEED_TOO_MANY: {
    en: '{org} has {limit} open needs here; no more are taken.',
    'zh-CN': '{org} 在本节点已有 {limit} 项未结需求;不再受理。',
  },
  ADMIN_DATASET_DRAFT: {
    en: 'Takes a definition as the draft of its dataset.',
    'zh-CN': '将定义作为数据集草稿登记。',
  },
  ADMIN_DATASET_SUBMIT: {
    en: 'Reads the source to its end and puts the draft up for review.',
    'zh-CN': '完整读取数据源,并将草稿提交审核。',
  },
  ADMIN_DATASET_RETURN: {
    en: 'Sends what is in review back to its draft.',
    'zh-CN': '将待审内容退回草稿。',
  },
  ADMIN_DATASET_APPROVE: {
    en: 'Approves, as a second person, exactly what was looked at.',
    'zh-CN': '由第二人批准所审阅的内容。',
  },
  ADMIN_DATASET_PUBLISH: {
    en: 'Publishes the draft as the next version, here and on chain.',
    'zh-CN': '将草稿作为下一版本在本节点和链上发布。',
  },
  ADMIN_DATASET_WITHDRAW: {
    en: 'Withdraws a version: nobody can ask for it any more.',
    'zh-CN': '撤回某一版本:此后不能再被请求。',
  },
  ADMIN_DATASET_SHOW: {
    en: 'Shows the draft and the versions of a dataset.',
    'zh-CN': '显示数据集的草稿与各版本。',
  },
  ADMIN_DATASET_LIST: {
    en: 'Lists the datasets of this node.',
    'zh-CN': '列出本节点的数据集。',
  },
  ADMIN_DATASET_LINEAGE: {
    en: 'Shows what a version came from and what came from it.',
    'zh-CN': '显示某一版本的来源与衍生。',
  },
  ADMIN_DATASET_SEARCH: {
    en: "Searches this node's catalogue.",
    'zh-CN': '检索本节点目录。',
  },
  ADMIN_NEED_LIST: {
    en: 'Lists the needs for data that were filed here.',
    'zh-CN': '列出向本节点提出的数据需求。',
  },
  ADMIN_NEED_ANSWER: {
    en: 'Answers a need: declined with a reason, planned, or covered by a dataset version.',
    'zh-CN': '答复需求:说明理由予以拒绝、列入计划,或由某数据集版本满足。',
  },
  DATASET_HIT: {
    en: '{owner}/{name} version {version}, level {level}, quality {quality}: {title}',
    'zh-CN': '{owner}/{name} 版本 {version},{level} 级,质量 {quality}:{title}',
  },
  NEED_STATUS: {
    en: '{org}: need {needId} is {state}: {title}',
    'zh-CN': '{org}:需求 {needId} 的状态为 {state}:{title}',
  },
  PROFILE_UNREADABLE: {
    en: 'The file {file} of the profile cannot be read.',
    'zh-CN': '无法读取配置所引用的文件 {file}。',
  },
  CATALOGUE_USAGE: {
    en: 'usage: sealedger catalogue search [WORDS] [--code C] [--category WORDS] [--max-level N] [--sharing unconditional|conditional|none] [--provider WORDS] [--min-score BASIS-POINTS] [--state published|revised|withdrawn] [--limit N] --profile FILE\n       sealedger catalogue show VERSION-ID | lineage VERSION-ID --profile FILE\n       sealedger catalogue export [--owner ORG] [--out FILE] --profile FILE\n       sealedger catalogue need TITLE --purpose CODE --needed-by DATE [--description TEXT] [--field NAME]… [--to ORG]… --profile FILE\n       sealedger catalogue needs [NEED] --profile FILE\n       each with [--json] [--lang en|zh-CN]',
    'zh-CN':
      '用法:sealedger catalogue search [词语] [--code 代码] [--category 词语] [--max-level 级别] [--sharing unconditional|conditional|none] [--provider 词语] [--min-score 万分比] [--state published|revised|withdrawn] [--limit 条数] --profile 文件\n      sealedger catalogue show 版本标识 | lineage 版本标识 --profile 文件\n      sealedger catalogue export [--owner 机构] [--out 文件] --profile 文件\n      sealedger catalogue need 标题 --purpose 用途代码 --needed-by 日期 [--description 说明] [--field 字段]… [--to 机构]… --profile 文件\n      sealedger catalogue needs [需求] --profile 文件\n      均可加 [--json] [--lang en|zh-CN]',
  },
  DATASET_USAGE: {
    en: 'usage: sealedger-node dataset init SOURCE --out FILE [--type csv|parquet|duckdb|postgres] [--table NAME] [--encoding NAME] [--delimiter C] [--name NAME] [--config FILE]\n       sealedger-node dataset check FILE [--config FILE]\n       sealedger-node dataset draft FILE --config FILE --by ID\n       sealedger-node dataset submit|publish NAME --config FILE --by ID\n       sealedger-node dataset return NAME --reason TEXT --config FILE --by ID\n       sealedger-node dataset approve NAME --digest HEX --config FILE --by ID\n       sealedger-node dataset withdraw NAME --version N --config FILE --by ID\n       sealedger-node dataset show NAME | list | search WORDS | needs --config FILE\n       sealedger-node dataset lineage NAME --version N --config FILE\n       sealedger-node dataset answer NEED --state declined|planned|covered [--reason TEXT] [--dataset VERSION-ID] [--by-when DATE] --config FILE --by ID\n       each with [--json] [--lang en|zh-CN]',
    'zh-CN':
      '用法:sealedger-node dataset init 数据源 --out 文件 [--type csv|parquet|duckdb|postgres] [--table 表名] [--encoding 编码] [--delimiter 分隔符] [--name 名称] [--config 文件]\n      sealedger-node dataset check 文件 [--config 文件]\n      sealedger-node dataset draft 文件 --config 文件 --by 人员\n      sealedger-node dataset submit|publish 名称 --config 文件 --by 人员\n      sealedger-node dataset return 名称 --reason 理由 --config 文件 --by 人员\n      sealedger-node dataset approve 名称 --digest 摘要 --config 文件 --by 人员\n      sealedger-node dataset withdraw 名称 --version 版本 --config 文件 --by 人员\n      sealedger-node dataset show 名称 | list | search 词语 | needs --config 文件\n      sealedger-node dataset lineage 名称 --version 版本 --config 文件\n      sealedger-node dataset answer 需求 --state declined|planned|covered [--reason 理由] [--dataset 版本标识] [--by-when 日期] --config 文件 --by 人员\n      均可加 [--json] [--lang en|zh-CN]',
  },
  DATASET_CHECKED: {
    en: '{file}: in order. Dataset "{dataset}", level {level} ({dataClass}), {fields} fields.',
    'zh-CN': '{file}:正确。数据集“{dataset}”,{level} 级({dataClass}),{fields} 个字段。',
  },
  DATASET_CHECKED_ROWS: {
    en: '{file}: in order. Dataset "{dataset}", level {level} ({dataClass}), {fields} fields, {rows} rows read.',
    'zh-CN': '{file}:正确。数据集“{dataset}”,{level} 级({dataClass}),{fields} 个字段,已读取 {rows} 行。',
  },
  DATASET_LEFT_OUT: {
    en: '{leftOut} rows name nobody by a valid identifier; they are scored and matched with nobody.',
    'zh-CN': '{leftOut} 行的标识号无效,不对应任何主体;这些行参与质量评分,但不参与匹配。',
  },
  DATASET_RETURNED: {
    en: '{name} was sent back: {reason}',
    'zh-CN': '{name} 已退回:{reason}',
  },
  STATE_DRAFT: { en: 'draft', 'zh-CN': '草稿' },
  STATE_REVIEW: { en: 'in review', 'zh-CN': '审核中' },
  STATE_APPROVED: { en: 'approved', 'zh-CN': '已批准' },
  STATE_PUBLISHED: { en: 'published', 'zh-CN': '已发布' },
  STATE_REVISED: { en: 'revised', 'zh-CN': '已有新版' },
  STATE_WITHDRAWN: { en: 'withdrawn', 'zh-CN': '已撤回' },
  STATE_FILED: { en: 'filed', 'zh-CN': '已提交' },
  STATE_PLANNED: { en: 'planned', 'zh-CN': '已列入计划' },
  STATE_DECLINED: { en: 'declined', 'zh-CN': '已婉拒' },
  STATE_COVERED: { en: 'covered', 'zh-CN': '已满足' },
  STATE_OPEN: { en: 'open', 'zh-CN': '待决定' },
  STATE_ACCEPTED: { en: 'accepted', 'zh-CN': '已接受' },
  STATE_REFUSED: { en: 'refused', 'zh-CN': '已拒绝' },
  STATE_VOID: { en: 'void', 'zh-CN': '已失效' },
  STATE_APPLIED: { en: 'applied', 'zh-CN': '源数据已更正' },
  DATA_CLASS_GENERAL: { en: 'general', 'zh-CN': '一般数据' },
  DATA_CLASS_IMPORTANT: { en: 'important', 'zh-CN': '重要数据' },
  DATA_CLASS_CORE: { en: 'core', 'zh-CN': '核心数据' },
  DATASET_DRAFT_STATE: {
    en: '{name}: {state}, level {level} ({dataClass}); digest {digest}',
    'zh-CN': '{name}:{state},{level} 级({dataClass});摘要 {digest}',
  },
  DATASET_VERSION_STATE: {
    en: '{name} version {version}: {state}, level {level}, {rows} rows; id {id}',
    'zh-CN': '{name} 版本 {version}:{state},{level} 级,{rows} 行;标识 {id}',
  },
  DATASET_LINEAGE_EDGE: {
    en: '{from} → {to} ({kind})',
    'zh-CN': '{from} → {to}({kind})',
  },
  DATASET_DRAFTED: {
    en: '{file} is drafted from {rows} rows and {columns} columns; what stands as CHANGE-ME is for a person to fill in.',
    'zh-CN': '已依据 {rows} 行、{columns} 列起草 {file};标为 CHANGE-ME 之处须由人员填写。',
  },
} as const;
