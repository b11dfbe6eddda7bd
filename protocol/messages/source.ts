/** Messages of the area `source`: reading a dataset where it lies; see catalogue.ts. */
export const sourceMessages = {
  SOURCE_UNREADABLE: {
    en: 'The source {file} cannot be read as {format} (line {line}).',
    'zh-CN': '无法将数据源 {file} 读作 {format}(第 {line} 行)。',
  },
  SOURCE_ENCODING: {
    en: 'The source {file} is not {encoding}; what would read it: {instead}.',
    'zh-CN': '数据源 {file} 的编码不是 {encoding};可以读取它的是:{instead}。',
  },
  SOURCE_DELIMITER: {
    en: 'The first line of {file} is one column by the delimiter {delimiter}; declare the delimiter that it has (likely {instead}).',
    'zh-CN': '按分隔符 {delimiter} 读取,{file} 的首行只有一列;请声明实际的分隔符(可能是 {instead})。',
  },
  SOURCE_TOO_WIDE: {
    en: 'The first line has more than {limit} columns or {limitBytes} bytes.',
    'zh-CN': '首行超过 {limit} 列或 {limitBytes} 字节。',
  },
  SOURCE_LINE_TOO_LONG: {
    en: 'The source {file} has a line of more than {limitBytes} bytes (line {line}).',
    'zh-CN': '数据源 {file} 有一行超过 {limitBytes} 字节(第 {line} 行)。',
  },
  SOURCE_COLUMN: {
    en: 'Column {column} of the source cannot be used: {reason}.',
    'zh-CN': '数据源的第 {column} 列不可用:{reason}。',
  },
  SOURCE_CHANGED: {
    en: 'The source {file} changed while it was read; nothing was kept of what was read.',
    'zh-CN': '数据源 {file} 在读取过程中发生变化;已读内容均未保留。',
  },
  SOURCE_VANISHED: {
    en: 'The source {file} is not there, or went away while it was read.',
    'zh-CN': '数据源 {file} 不存在,或在读取过程中消失。',
  },
  SOURCE_TIMEOUT: {
    en: 'Reading the source took longer than the {seconds} s that it may.',
    'zh-CN': '读取数据源超过允许的 {seconds} 秒。',
  },
  SOURCE_MEMORY: {
    en: 'Reading the source needs more than the {memoryMb} MB of memory or {diskMb} MB of disk that it may use.',
    'zh-CN': '读取数据源所需超过允许的内存 {memoryMb} MB 或磁盘 {diskMb} MB。',
  },
  SOURCE_OUTSIDE: {
    en: 'The source {file} lies in none of the directories that the node may read datasets from.',
    'zh-CN': '数据源 {file} 不在本节点可读取数据集的任何目录中。',
  },
  SOURCE_DATABASE_UNKNOWN: {
    en: "The node's configuration has no database {database}.",
    'zh-CN': '节点配置中没有数据库 {database}。',
  },
  SOURCE_DATABASE_FAILED: {
    en: 'The database {database} refused or was lost ({reason}).',
    'zh-CN': '数据库 {database} 拒绝请求或连接中断({reason})。',
  },
  SOURCE_CREDENTIAL: {
    en: 'The password of the database {database} is neither in its environment variable nor in its file.',
    'zh-CN': '数据库 {database} 的口令既不在指定的环境变量中,也不在指定的文件中。',
  },
  SOURCE_TABLE_UNKNOWN: {
    en: 'The source {source} has no table {table} that can be read.',
    'zh-CN': '数据源 {source} 中没有可读取的表 {table}。',
  },
  STATEMENT_NOT_SELECT: {
    en: 'Only one SELECT may be run here; the text holds {found}.',
    'zh-CN': '此处只能运行一条 SELECT;该文本包含 {found}。',
  },
} as const;
