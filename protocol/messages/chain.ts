/** Messages of the area `chain`; see catalogue.ts. */
export const chainMessages = {
  CHAIN_UNREACHABLE: {
    en: 'The chain does not answer ({method}).',
    'zh-CN': '链没有响应({method})。',
  },
  CHAIN_RPC_ERROR: {
    en: 'The chain answered {method} with error {rpcCode}: {reason}.',
    'zh-CN': '链对 {method} 返回错误 {rpcCode}:{reason}。',
  },
  CHAIN_REPLY_MALFORMED: {
    en: 'The chain gave an answer to {method} that is no valid reply: {reason}.',
    'zh-CN': '链对 {method} 的答复格式无效:{reason}。',
  },
  CHAIN_REFUSED: {
    en: 'The contract {contract} refused {call}: {error}({args}).',
    'zh-CN': '合约 {contract} 拒绝了 {call}:{error}({args})。',
  },
  CHAIN_MISMATCH: {
    en: 'This is not the chain of the deployment file: {what} is {found}, expected {expected}.',
    'zh-CN': '这不是部署文件所指的链:{what} 为 {found},应为 {expected}。',
  },
  CHAIN_TIMEOUT: {
    en: 'The transaction was sent but is in no block after {waitedMs} ms; it may still be mined.',
    'zh-CN': '交易已发送,但 {waitedMs} 毫秒后仍未进入区块;之后仍可能被打包。',
  },
  CHAIN_TRANSACTION_LOST: {
    en: 'The chain took the transaction back, and another one of the account stands in its place; call again.',
    'zh-CN': '链撤回了该交易,其位置已被该账户的另一笔交易占用;请重新调用。',
  },
  CHAIN_NO_ACCOUNT: {
    en: 'This client has no account and can only read; {call} needs one.',
    'zh-CN': '此客户端没有账户,只能读取;{call} 需要账户。',
  },
  CHAIN_KEY_INVALID: {
    en: "Not an account's key: expected 64 hex digits, not zero and below the order of secp256k1.",
    'zh-CN': '不是账户密钥:应为 64 位十六进制数,不为零且小于 secp256k1 的阶。',
  },
  CHAIN_LABEL_INVALID: {
    en: 'Not a valid {kind}: expected {expected}.',
    'zh-CN': '不是有效的 {kind}:应为 {expected}。',
  },
  CHAIN_NUMBER_INVALID: {
    en: 'Not a valid {what}: expected an integer from {min} to {max}.',
    'zh-CN': '不是有效的 {what}:应为 {min} 到 {max} 之间的整数。',
  },
  CHAIN_ADMITTED_DIFFERENTLY: {
    en: 'Organisation {org} is already admitted with another {field}.',
    'zh-CN': '机构 {org} 已以不同的 {field} 加入。',
  },
  CHAIN_REORGANISED: {
    en: 'Block {blockNumber} is not the one that was read before: the chain was reorganised or replaced.',
    'zh-CN': '区块 {blockNumber} 与先前读取的不同:链已重组或被替换。',
  },
  EXPORT_TOO_FAR: {
    en: 'The pinned block is {blocks} blocks after the first one of the bundle; at most {max} headers go in.',
    'zh-CN': '所固定的区块位于证据包首个区块之后 {blocks} 个区块;最多可附 {max} 个区块头。',
  },
  EXPORT_EVENT_UNPROVEN: {
    en: 'The chain told of {event} in block {number}, and the receipts of that block do not bear it out.',
    'zh-CN': '链声称区块 {number} 中有 {event},但该区块的交易收据不能证实。',
  },
  CHAIN_UNSETTLED: {
    en: 'The chain changed while block {blockNumber} was read; it is read again.',
    'zh-CN': '读取区块 {blockNumber} 期间链发生了变化;将重新读取。',
  },
  CHAIN_METHOD_NOT_ALLOWED: {
    en: 'The embedded chain does not offer {method}.',
    'zh-CN': '内置链不提供 {method}。',
  },
  CHAIN_CALL_MALFORMED: {
    en: 'Not a JSON-RPC 2.0 call: {reason}.',
    'zh-CN': '不是 JSON-RPC 2.0 调用:{reason}。',
  },
  CHAIN_CALL_TOO_LARGE: {
    en: 'The call is larger than {maxBytes} bytes.',
    'zh-CN': '调用超过 {maxBytes} 字节。',
  },
  CHAIN_STOPPED: {
    en: 'The embedded chain has stopped: {reason}.',
    'zh-CN': '内置链已停止:{reason}。',
  },
  CHAIN_JOURNAL_CORRUPT: {
    en: 'The journal of the embedded chain does not give back the chain: line {line}, {reason}.',
    'zh-CN': '内置链的日志无法还原该链:第 {line} 行,{reason}。',
  },
  CHAIN_DIRECTORY_IN_USE: {
    en: 'The data directory of the embedded chain is in use by process {pid}; if that is another program, remove chain.lock.',
    'zh-CN': '内置链的数据目录正被进程 {pid} 使用;若该进程与本链无关,请删除 chain.lock。',
  },
} as const;
