/** Messages of the command `sealedger`; see catalogue.ts. */
export const cliMessages = {
  CLI_USAGE: {
    en: 'usage: sealedger verify FILE… --trust FILE [--rpc URL] [--state FILE] [--json] [--lang en|zh-CN]\n       sealedger withhold FILE --fields NAME,KIND.NAME,…|all --out FILE\n       sealedger evidence --request ID | --version ID | --batch REQUEST/ORG/N --profile FILE --out FILE [--state FILE]\n       sealedger audit find|request|verify|watch|report --profile FILE … (sealedger audit --help)\n       sealedger consent add|import|withdraw|commit|show|export|receive|open|erase|audit|check … --profile FILE (sealedger consent --help)\n       sealedger certificate submit REQUEST --out FILE --profile FILE [--certifier ORG]\n       sealedger certify FILE|list|resume|withdraw … --profile FILE (sealedger certify --help)\n       sealedger catalogue search|show|lineage|export|need|needs … --profile FILE\n       sealedger member list|show|proposals|propose|vote|settle|endpoint … --profile FILE\n       sealedger request|status|grant|withdraw|answer|compute|unlock … --profile FILE (sealedger request --help)\n       sealedger keys init|passphrase|rotate|revoke --profile FILE …\n       sealedger --help | --version',
    'zh-CN':
      '用法:sealedger verify 文件… --trust 文件 [--rpc 地址] [--state 文件] [--json] [--lang en|zh-CN]\n     sealedger withhold 文件 --fields 字段,事件.字段,…|all --out 文件\n     sealedger evidence --request 编号 | --version 编号 | --batch 请求/机构/批次 --profile 文件 --out 文件 [--state 文件]\n     sealedger audit find|request|verify|watch|report --profile 文件 …(详见 sealedger audit --help)\n     sealedger consent add|import|withdraw|commit|show|export|receive|open|erase|audit|check … --profile 文件(详见 sealedger consent --help)\n     sealedger certificate submit 请求编号 --out 文件 --profile 文件 [--certifier 机构]\n     sealedger certify 文件|list|resume|withdraw … --profile 文件(详见 sealedger certify --help)\n     sealedger catalogue search|show|lineage|export|need|needs … --profile 文件\n     sealedger member list|show|proposals|propose|vote|settle|endpoint … --profile 文件\n     sealedger request|status|grant|withdraw|answer|compute|unlock … --profile 文件(详见 sealedger request --help)\n     sealedger keys init|passphrase|rotate|revoke --profile 文件 …\n     sealedger --help | --version',
  },
  VERIFY_HELP: {
    en: 'usage: sealedger verify FILE… --trust FILE [--rpc URL] [--state FILE] [--json] [--lang en|zh-CN]\nVerifies evidence bundles. Exit: 0 all hold; 1 a check fails; 2 something could not be read.',
    'zh-CN':
      '用法:sealedger verify 文件… --trust 文件 [--rpc 地址] [--state 文件] [--json] [--lang en|zh-CN]\n校验证据包。退出码:0 全部成立;1 有检查不通过;2 有内容无法读取。',
  },
  WITHHOLD_HELP: {
    en: 'usage: sealedger withhold FILE --fields NAME,KIND.NAME,…|all --out FILE [--lang en|zh-CN]\nWrites a copy of a bundle without these fields; it still verifies.',
    'zh-CN':
      '用法:sealedger withhold 文件 --fields 字段,事件.字段,…|all --out 文件 [--lang en|zh-CN]\n写出隐去这些字段的证据包副本,仍可通过校验。',
  },
  EVIDENCE_COLLECT_HELP: {
    en: 'usage: sealedger evidence --request ID | --version ID | --batch REQUEST/ORG/N --profile FILE --out FILE [--state FILE] [--lang en|zh-CN]\nCollects a bundle from all organisations that took part.',
    'zh-CN':
      '用法:sealedger evidence --request 编号 | --version 编号 | --batch 申请/机构/批次 --profile 文件 --out 文件 [--state 文件] [--lang en|zh-CN]\n向所有参与机构收集证据包。',
  },
  CLI_COMMAND_UNKNOWN: {
    en: 'sealedger has no command "{command}".',
    'zh-CN': 'sealedger 没有命令“{command}”。',
  },
} as const;
