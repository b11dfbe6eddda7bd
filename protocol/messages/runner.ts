/** What the runner tells while it works and at its end; see catalogue.ts. */
export const runnerMessages = {
  RUN_USAGE: {
    en: 'usage: npm start -- [--scenario DIR] [--out OUT] [--exit] [--rpc URL --deployment FILE [--founder-key FILE]] [--lang en|zh-CN]',
    'zh-CN':
      '用法:npm start -- [--scenario 目录] [--out 输出目录] [--exit] [--rpc 地址 --deployment 文件 [--founder-key 文件]] [--lang en|zh-CN]',
  },
  FOUNDER_KEY_MISSING: {
    en: 'Not admitted on this chain yet: {orgs}. Give --founder-key FILE, or have the members admit them.',
    'zh-CN': '下列机构尚未被此链接纳:{orgs}。请提供 --founder-key 文件,或由成员表决接纳。',
  },
  RUN_SCENARIO: {
    en: 'Scenario "{name}": {departments} departments, {people} people in the register, {applicants} applicants.',
    'zh-CN': '场景“{name}”:{departments} 个部门,基础库 {people} 人,申请人 {applicants} 名。',
  },
  RUN_CHAIN: { en: 'Chain {chainId} is up at block {block}.', 'zh-CN': '链 {chainId} 已启动,当前区块 {block}。' },
  RUN_MEMBERS: { en: '{count} organisations admitted: {orgs}.', 'zh-CN': '已接纳 {count} 个机构:{orgs}。' },
  RUN_NODES: {
    en: '{count} nodes run, each with its own keys, store and port; datasets are checked and published.',
    'zh-CN': '{count} 个节点已运行,各有独立的密钥、存储与端口;数据集已检查并发布。',
  },
  RUN_QUALITY: {
    en: 'Quality measured and recorded on chain, out of 100: {scores}.',
    'zh-CN': '数据质量已评分并上链(满分 100):{scores}。',
  },
  RUN_REQUEST: {
    en: 'The bank sealed {features} weights and put request {requestId} on chain.',
    'zh-CN': '银行已密封 {features} 个权重,并将请求 {requestId} 上链。',
  },
  RUN_DECIDED: {
    en: '{department}: its policy leaves the decision to a person; {persons} approved at the command line.',
    'zh-CN': '{department}:其策略要求由人员决定;{persons} 已在命令行批准。',
  },
  RUN_APPROVED: { en: 'Every owner approved; the request is active.', 'zh-CN': '各数据方均已批准;请求已生效。' },
  RUN_CERTIFIED: {
    en:
      'the regulator examined every weight and certified the model ({certificateHash}): {effective} effective features; ' +
      'over the span of its models ({rank}) at most {feature} % of a combination is one feature, {party} % one department',
    'zh-CN':
      '监管机构逐一审查权重并认证模型({certificateHash}):有效特征数 {effective};' +
      '在其全部模型张成的空间({rank} 维)中,单一特征至多占组合的 {feature} %,单一部门至多 {party} %',
  },
  RUN_TABLE_CERTIFICATE: { en: 'Certificate', 'zh-CN': '模型认证' },
  RUN_CHUNK: {
    en: 'Sealed table: {received} of {expected} parts received.',
    'zh-CN': '密封表:已收到 {expected} 份中的 {received} 份。',
  },
  RUN_TABLE: {
    en: 'The sealed table of {people} people is complete; no entry of it can be read yet.',
    'zh-CN': '{people} 人的密封表已完成;此时任何一项都无法读取。',
  },
  RUN_UNLOCKED: { en: 'Unlocked {opened} of {of}.', 'zh-CN': '已解锁 {opened} / {of}。' },
  RUN_EVIDENCE: {
    en: '{bundles} evidence bundles written; each verifies: {verified}.',
    'zh-CN': '已写出 {bundles} 份证据包;逐一验证结果:{verified}。',
  },
  RUN_AUDIT: {
    en: 'regulator: {requests} requests rebuilt, {events} events of {nodes} nodes verified, {findings} findings',
    'zh-CN': '监管机构:重建 {requests} 件请求,核验 {nodes} 个节点的 {events} 条事件,发现 {findings} 项',
  },
  RUN_NO_REGULATOR: {
    en: 'No regulator is admitted on this chain, and no founder key was given: neither a certificate nor an audit.',
    'zh-CN': '此链未接纳监管机构,也未提供创始方密钥:模型未经认证,亦未审计。',
  },
  RUN_STAYS: {
    en: 'The nodes stay up; npx sealedger status --profile {out}/bank.json shows the request as its bank. Press Ctrl-C to end them; start again with the same --out to go on with the same chain.',
    'zh-CN':
      '各节点保持运行;可用 npx sealedger status --profile {out}/bank.json 以银行身份查看请求。按 Ctrl-C 结束;以相同的 --out 再次启动即沿用同一条链。',
  },
  RUN_VERIFY_HINT: {
    en: 'Check it yourself: npx sealedger verify {out}/evidence/*.json --trust {out}/trust.json',
    'zh-CN': '自行验证:npx sealedger verify {out}/evidence/*.json --trust {out}/trust.json',
  },
  RUN_TABLE_QUALITY: { en: 'Quality', 'zh-CN': '质量' },
  RUN_TABLE_RESULT: { en: 'Result', 'zh-CN': '结果' },
  RUN_TABLE_SCORED: {
    en: '{scored} applicants scored, {strangers} not in the register; largest error {maxAbsError}, AUC {auc} (in clear {cleartextAuc})',
    'zh-CN': '{scored} 名申请人已评分,{strangers} 名不在基础库;最大误差 {maxAbsError},AUC {auc}(明文 {cleartextAuc})',
  },
  RUN_TABLE_TIME: { en: 'Time', 'zh-CN': '用时' },
  RUN_TABLE_BYTES: { en: 'Bytes between the bank and', 'zh-CN': '银行与下列机构之间的字节数' },
  RUN_TABLE_SENT: { en: '{sent} MB sent, {received} MB received', 'zh-CN': '发送 {sent} MB,接收 {received} MB' },
  RUN_TABLE_TRAIL: { en: 'Trail', 'zh-CN': '留痕' },
  RUN_TABLE_EVENTS: {
    en: '{events} signed events, {checkpoints} checkpoints and {transactions} transactions on chain {chainId}',
    'zh-CN': '{events} 条签名事件,{checkpoints} 个检查点,链 {chainId} 上 {transactions} 笔交易',
  },
  RUN_TABLE_REGULATOR: { en: 'Audit', 'zh-CN': '审计' },
  RUN_TABLE_LEARNED: { en: 'Who learned what', 'zh-CN': '谁得知了什么' },
  RUN_LEARNED_BANK: {
    en: 'the score of the {opened} applicants it asked for, and who of them is not in the register; no feature, no part of a score',
    'zh-CN': '所问 {opened} 名申请人的评分及其中谁不在基础库;不知任何特征,也不知任何部门的分项',
  },
  RUN_LEARNED_DEPARTMENT: {
    en: 'which {features} feature definitions were asked; no weight, no score, not who was asked about',
    'zh-CN': '被询问的 {features} 项特征定义;不知权重、评分,也不知所问何人',
  },
  RUN_LEARNED_GATE: {
    en: 'that {opened} evaluations took place, and when; not for whom, no score',
    'zh-CN': '共发生 {opened} 次求值及其时间;不知针对何人,不知评分',
  },
  RUN_LEARNED_CERTIFIER: {
    en: 'the model, which it certified, and the trail; no score, no feature, not who was asked about',
    'zh-CN': '其认证的模型及全部留痕;不知评分、特征,也不知所问何人',
  },
  RUN_LEARNED_CHAIN: {
    en: 'who asked whom, on what ground, how often; no personal value and no identifier',
    'zh-CN': '谁向谁、以何依据、问了多少次;不含任何个人数值与标识号',
  },
} as const;
