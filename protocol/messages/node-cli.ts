/** How `sealedger-node` and its commands are used. */
export const nodeCliMessages = {
  NODE_USAGE: {
    en: "usage: sealedger-node COMMAND …\n\n  run --config FILE [--exit-with-parent]     run the node (--passphrase-file FILE | --passphrase-fd N, or typed)\n  keys init|passphrase|rotate|revoke …       the organisation's keys: make them, seal them anew, replace them\n  person hash|keygen|list|log …              the people of this node; commands take --by ID with --password-file FILE, --password-fd N or --person-key FILE\n  member list|show|proposals|propose|vote|settle|endpoint …   the consortium's members, and the votes on them\n  endpoint --config FILE [--register]        the endpoint that belongs on chain, with the pin of this node's certificate\n  dataset init|check|draft|submit|approve|publish|withdraw|show|list|lineage …   describe, review and publish datasets\n  quality run|check|rules|report|dqv|history|ranking|points|schedule …   measure datasets, and what came of it\n  workorder list|show|assign|fix|reject|close|reopen|retest|export …   failing rows on their way back\n  repair propose|list|accept|refuse|patch …   proposed values for failing cells\n  suspend ID --reason TEXT | suspend ID --resume   stop the use of a grant at once, or go on\n  usage [ID] [--days N] [--json]             use of grants against quota and budget\n  alert list|ack …                           what was found unusual\n  policy show|check|test|schema|draft|apply|remove …   who may ask what, as data; tested before it is in force\n  request list|show|ask|acknowledge|attachments|revoke …   requests that came in\n  decide REQUEST (--approve|--reject|--revoke) --reason TEXT …   a person's decision\n  openapi --config FILE [--out FILE]         the node's OpenAPI 3.1 description\n  status --config FILE [--json]              how the running node is\n  evidence export --config FILE (--version ID | --request ID | --batch REQUEST/ORG/N) --out FILE   a bundle's part of this node\n  fsck --config FILE [--rpc URL] [--json]    check the stored log; reads only\n\nCOMMAND --help prints how a command is used; --lang en|zh-CN chooses the language. Exit: 0 done; 1 done, and what was asked for does not hold; 2 usage or a refusal.",
    'zh-CN':
      '用法:sealedger-node 命令 …\n\n  run --config 文件 [--exit-with-parent]     运行节点(--passphrase-file 文件 | --passphrase-fd N,或现场输入口令)\n  keys init|passphrase|rotate|revoke …       本机构的密钥:生成、重新加密、轮换、作废旧密钥\n  person hash|keygen|list|log …              本节点的人员;各命令以 --by 人员 配合 --password-file 文件、--password-fd N 或 --person-key 文件表明身份\n  member list|show|proposals|propose|vote|settle|endpoint …   联盟成员及其表决\n  endpoint --config 文件 [--register]        应登记上链的节点地址,含本节点证书指纹\n  dataset init|check|draft|submit|approve|publish|withdraw|show|list|lineage …   编目、审核并发布数据集\n  quality run|check|rules|report|dqv|history|ranking|points|schedule …   测量数据质量,查看结果\n  workorder list|show|assign|fix|reject|close|reopen|retest|export …   问题数据的退回与整改\n  repair propose|list|accept|refuse|patch …   问题单元格的修复建议\n  suspend 编号 --reason 事由 | suspend 编号 --resume   立即停用一项授权,或恢复使用\n  usage [编号] [--days N] [--json]           授权使用量与额度、预算的对照\n  alert list|ack …                           发现的异常使用\n  policy show|check|test|schema|draft|apply|remove …   以数据表达的授权策略;生效前先测试\n  request list|show|ask|acknowledge|attachments|revoke …   收到的申请\n  decide 申请 (--approve|--reject|--revoke) --reason 事由 …   由人作出决定\n  openapi --config 文件 [--out 文件]         本节点的 OpenAPI 3.1 接口说明\n  status --config 文件 [--json]              运行中节点的状态\n  evidence export --config 文件 (--version 编号 | --request 编号 | --batch 申请/机构/批次) --out 文件   导出证据包中本节点的部分\n  fsck --config 文件 [--rpc 地址] [--json]   校验本地存证日志;只读\n\n每个命令加 --help 可查看其用法;--lang en|zh-CN 选择语言。退出码:0 完成;1 已完成但所问不成立;2 用法错误或被拒绝。',
  },
  NODE_RUN_USAGE: {
    en: 'usage: sealedger-node run --config FILE [--passphrase-file FILE | --passphrase-fd N] [--exit-with-parent]\nRuns the node until SIGTERM or SIGINT. Without a file or descriptor the passphrase is asked for on the terminal.',
    'zh-CN':
      '用法:sealedger-node run --config 文件 [--passphrase-file 文件 | --passphrase-fd N] [--exit-with-parent]\n运行节点,直至收到 SIGTERM 或 SIGINT。未指定文件或文件描述符时,在终端询问口令。',
  },
  NODE_ENDPOINT_USAGE: {
    en: 'usage: sealedger-node endpoint --config FILE [--register [--passphrase-file FILE | --passphrase-fd N]]\nPrints the endpoint that belongs on chain, with the pin of this node’s certificate; --register puts it there.',
    'zh-CN':
      '用法:sealedger-node endpoint --config 文件 [--register [--passphrase-file 文件 | --passphrase-fd N]]\n输出应登记上链的节点地址及本节点证书指纹;加 --register 即登记上链。',
  },
  NODE_OPENAPI_USAGE: {
    en: 'usage: sealedger-node openapi --config FILE [--out FILE]\nPrints the OpenAPI 3.1 description of the running node as JSON.',
    'zh-CN': '用法:sealedger-node openapi --config 文件 [--out 文件]\n以 JSON 输出运行中节点的 OpenAPI 3.1 接口说明。',
  },
  NODE_STATUS_USAGE: {
    en: 'usage: sealedger-node status --config FILE [--json] [--lang en|zh-CN]\nExit: 0 ready and no alert stands; 1 not so; 2 no node runs.',
    'zh-CN':
      '用法:sealedger-node status --config 文件 [--json] [--lang en|zh-CN]\n退出码:0 就绪且无告警;1 否则;2 没有节点在运行。',
  },
  NODE_FSCK_USAGE: {
    en: 'usage: sealedger-node fsck --config FILE [--rpc URL] [--json] [--passphrase-file FILE | --passphrase-fd N] [--lang en|zh-CN]\nReads only, while no node runs on the directory. Exit: 0 nothing differs; 1 the first difference is shown; 2 something could not be read.',
    'zh-CN':
      '用法:sealedger-node fsck --config 文件 [--rpc 地址] [--json] [--passphrase-file 文件 | --passphrase-fd N] [--lang en|zh-CN]\n只读,须在该目录无节点运行时使用。退出码:0 无差异;1 给出首个差异;2 有内容无法读取。',
  },
} as const;
