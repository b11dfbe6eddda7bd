/** Messages of the operator's channel to a running node; see catalogue.ts. */
export const adminMessages = {
  ADMIN_NOT_RUNNING: {
    en: 'The node of {org} is not running. Start it with: sealedger-node run --config {config}',
    'zh-CN': '{org} 的节点没有运行。请先启动:sealedger-node run --config {config}',
  },
  ADMIN_FILE_UNREADABLE: {
    en: 'admin.json in the data directory cannot be used: {reason}. It is written by the running node; restart the node.',
    'zh-CN': '数据目录中的 admin.json 无法使用:{reason}。该文件由运行中的节点写入;请重启节点。',
  },
  ADMIN_TOKEN: {
    en: 'The token is missing or wrong. Only who can read the data directory of the node may call it.',
    'zh-CN': '令牌缺失或错误。只有能读取节点数据目录的操作员才可调用。',
  },
  ADMIN_CALLER: {
    en: 'The field {field} of the call is not that of the operator’s own command; pages and foreign names are refused.',
    'zh-CN': '调用的 {field} 字段不是操作员本机命令所用的值;网页与外来主机名一律拒绝。',
  },
  ADMIN_COMMAND_UNKNOWN: {
    en: 'The running node has no command "{command}"; node and command line may be of different versions.',
    'zh-CN': '运行中的节点没有命令“{command}”;节点与命令行可能版本不同。',
  },
  ADMIN_COMMAND_TWICE: {
    en: 'Two commands of the node are called "{command}".',
    'zh-CN': '节点有两个命令同名:“{command}”。',
  },
  ADMIN_BUSY: {
    en: '{running} commands are running already; wait for one to end.',
    'zh-CN': '已有 {running} 个命令正在执行;请等待其中一个结束。',
  },
  ADMIN_ANSWER_CUT: {
    en: 'The node went away before it answered "{command}". What was done stands in its log; asking again does nothing twice.',
    'zh-CN': '节点在答复“{command}”之前中断。已完成的部分记录在日志中;再次执行不会重复处理。',
  },
  ADMIN_ANSWER_UNKNOWN: {
    en: 'The answer to "{command}" is none that this version knows.',
    'zh-CN': '对“{command}”的答复不是本版本所知的格式。',
  },
  ROUTE_UNDESCRIBED: {
    en: 'The route {route} has no description for the OpenAPI document.',
    'zh-CN': '接口 {route} 缺少 OpenAPI 文档所需的说明。',
  },
} as const;
