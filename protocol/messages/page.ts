/** Words of the verifier's page, which a clerk of a court opens without help; see catalogue.ts. */
export const pageMessages = {
  PAGE_TITLE: { en: 'Check an evidence bundle', 'zh-CN': '核验证据包' },
  PAGE_LEAD: {
    en: 'This page checks the file on this computer. It sends nothing and asks nobody: it works without a network.',
    'zh-CN': '本页在这台电脑上核验文件,不发送任何内容,也不询问任何人:断网亦可使用。',
  },
  PAGE_BUNDLES: { en: 'Evidence files', 'zh-CN': '证据文件' },
  PAGE_BUNDLES_HINT: {
    en: 'Drop them here or choose them: the .json files that you were handed as evidence.',
    'zh-CN': '拖到此处或点击选择:作为证据交给您的 .json 文件。',
  },
  PAGE_TRUST: { en: 'Trust file', 'zh-CN': '信任文件' },
  PAGE_TRUST_HINT: {
    en: 'It says which chain to trust. Take it from the consortium or the regulator, never from whoever handed you the evidence.',
    'zh-CN': '它指明信任哪条链。请向联盟或监管机构索取,切勿使用提交证据者提供的文件。',
  },
  PAGE_NOTHING_YET: {
    en: 'Give both to see the result. Without a trust file nothing can be verified.',
    'zh-CN': '两者齐备即显示结果。没有信任文件就无法核验。',
  },
  PAGE_WAITING_TRUST: {
    en: 'The trust file is missing: nothing is verified yet.',
    'zh-CN': '缺少信任文件:尚未核验任何内容。',
  },
  PAGE_WORKING: { en: 'Checking …', 'zh-CN': '核验中……' },
  PAGE_REMEMBER: {
    en: 'Remember in this browser what held, and report a log that was rewritten since',
    'zh-CN': '在此浏览器中记住已成立的状态,日后如日志被改写即提示',
  },
  PAGE_FORGET: { en: 'Forget', 'zh-CN': '清除记忆' },
  PAGE_PRINT: { en: 'Print', 'zh-CN': '打印' },
  PAGE_TRUSTED: {
    en: 'Trusted: chain {chain}, genesis {genesis}, {validators} validators. Compare it with the published papers of the consortium.',
    'zh-CN': '所信任的链:{chain},创世哈希 {genesis},验证者 {validators} 个。请与联盟公布的材料核对。',
  },
  PAGE_CHECKED: {
    en: 'Checked on {time} by the clock of this computer. SHA-256 of the file: {digest}',
    'zh-CN': '核验时间 {time}(以本机时钟为准)。文件 SHA-256:{digest}',
  },
  PAGE_FILE_WRONG: {
    en: '{file} is not what is asked for here. {reason}',
    'zh-CN': '{file} 不是此处所需的文件。{reason}',
  },
  PAGE_STATE_LOST: {
    en: 'What this browser remembered cannot be read and was not used.',
    'zh-CN': '此浏览器的记忆无法读取,未予使用。',
  },
  PAGE_STATUS_FAILS: { en: 'fails', 'zh-CN': '不成立' },
  PAGE_STATUS_OPEN: { en: 'not checkable here', 'zh-CN': '此处无法核验' },
  PAGE_STATUS_BEYOND: { en: 'not shown by a file', 'zh-CN': '文件无法证明' },
  PAGE_STATUS_HOLDS: { en: 'holds', 'zh-CN': '成立' },
  PAGE_TIMES: { en: '{count} times', 'zh-CN': '{count} 项' },
  PAGE_LIMITS: {
    en: 'What a verdict means: the file is whole and unchanged, its events were signed by the organisations named and anchored on the chain that the trust file names, and they agree with what that chain records. Whether the scores themselves were computed rightly is shown by an audit inside the departments, not by a file.',
    'zh-CN':
      '结论的含义:文件完整且未经改动;其中事件由所列机构签名,并锚定在信任文件所指的链上,且与链上记录一致。评分本身是否计算正确,须经各部门内部的重算审计证明,文件不能证明。',
  },
} as const;
