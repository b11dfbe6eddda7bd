/** Messages of the area `dataset`: definitions, the life of a catalogue entry, needs, search; see catalogue.ts. */
export const datasetMessages = {
  DEFINITION_INVALID: {
    en: '{file}, line {line}, column {column} ({place}): {reason}.',
    'zh-CN': '{file} 第 {line} 行第 {column} 列({place}):{reason}。',
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
} as const;
