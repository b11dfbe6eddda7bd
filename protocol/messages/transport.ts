/** Messages of what carries calls between organisations: endpoints, TLS, limits, relay; see catalogue.ts. */
export const transportMessages = {
  ENDPOINT_INVALID: {
    en:
      'The endpoint is not valid: {reason}. It reads https://host:port#spki-sha256=<64 hex digits>, with a path where a ' +
      'relay stands before the node.',
    'zh-CN':
      '端点地址无效:{reason}。格式为 https://主机:端口#spki-sha256=<64 位十六进制>;节点经由中继时,主机端口之后带路径。',
  },
  ENDPOINT_PLAINTEXT: {
    en: 'The endpoint of {peer} is plain http and not on this machine; calls to other machines go over TLS only.',
    'zh-CN': '{peer} 的端点为明文 http 且不在本机;跨机器调用只允许使用 TLS。',
  },
  ENDPOINT_UNPINNED: {
    en: 'The endpoint of {peer} names no certificate key (spki-sha256); its certificate could be anybody’s.',
    'zh-CN': '{peer} 的端点未写明证书公钥摘要(spki-sha256);无法确认证书属于谁。',
  },
  ENDPOINT_PIN_UNCHECKED: {
    en: 'This platform cannot compare the certificate of {peer} with the key on chain; nothing was sent.',
    'zh-CN': '当前平台无法将 {peer} 的证书与链上登记的公钥比对;未发送任何内容。',
  },
  TLS_PIN_MISMATCH: {
    en: 'The certificate at {host} has another key than the one registered on chain; nothing was sent.',
    'zh-CN': '{host} 的证书公钥与链上登记的不一致;未发送任何内容。',
  },
  TLS_REQUIRED: {
    en:
      'The node would listen on {host} without TLS; that is done on loopback only. Set "tls" in node.json to ' +
      '"self-signed", or to certificate and key.',
    'zh-CN':
      '节点将在 {host} 上以明文监听,而明文仅限本机回环地址。请在 node.json 中将 "tls" 设为 "self-signed",或填写证书与私钥。',
  },
  TLS_FILE_UNREADABLE: {
    en: 'The TLS {part} cannot be used: the file is missing, is no PEM, or does not fit the other one.',
    'zh-CN': '无法使用 TLS 的 {part}:文件缺失、不是 PEM 格式,或与另一文件不匹配。',
  },
  TLS_ENDPOINT_PIN: {
    en:
      'The endpoint in node.json names another key than this node’s certificate has. Leave the part after "#" out, or ' +
      'write spki-sha256={pin}.',
    'zh-CN': 'node.json 中的端点所写公钥摘要与本节点证书不符。请删去“#”之后的部分,或写成 spki-sha256={pin}。',
  },
  ENDPOINT_NOT_REGISTERED: {
    en:
      'This node is configured for {configured}, but {registered} is registered on chain, so that no call signed for one ' +
      'holds at the other. Register the first with `sealedger-node endpoint --register`, or correct node.json.',
    'zh-CN':
      '本节点配置的端点是 {configured},而链上登记的是 {registered},按其中一个签名的调用在另一个上不成立。' +
      '请用 `sealedger-node endpoint --register` 登记前者,或更正 node.json。',
  },
  RATE_LIMITED: {
    en: 'Too many calls of the class "{scope}"; try again in {retryAfterSeconds} s.',
    'zh-CN': '“{scope}”类调用过于频繁;请在 {retryAfterSeconds} 秒后重试。',
  },
  CONCURRENCY_LIMITED: {
    en: 'Too many calls of the class "{scope}" at the same time; try again in {retryAfterSeconds} s.',
    'zh-CN': '“{scope}”类调用同时过多;请在 {retryAfterSeconds} 秒后重试。',
  },
  BODY_TOO_SLOW: {
    en: 'The body came too slowly: {receivedBytes} bytes in {seconds} s.',
    'zh-CN': '请求体传输过慢:{seconds} 秒内仅收到 {receivedBytes} 字节。',
  },
  BODY_TRUNCATED: {
    en: 'The body ended after {receivedBytes} bytes, before its declared end.',
    'zh-CN': '请求体在收到 {receivedBytes} 字节后中断,未达声明长度。',
  },
  HTTP_MALFORMED: {
    en: 'This is no well-formed HTTP/1.1 call.',
    'zh-CN': '这不是格式正确的 HTTP/1.1 调用。',
  },
  HTTP_HEADERS_TOO_LARGE: {
    en: 'The header section is larger than {limitBytes} bytes.',
    'zh-CN': '请求头超过 {limitBytes} 字节。',
  },
  HTTP_TOO_SLOW: {
    en: 'The call did not arrive in time.',
    'zh-CN': '请求未在规定时间内到达。',
  },
  RELAY_NOT_SERVED: {
    en: 'This node is no relay for the organisation in question.',
    'zh-CN': '本节点不为该机构提供中继。',
  },
  RELAY_BUSY: {
    en: 'The queue for {org} is full here; try again in {retryAfterSeconds} s.',
    'zh-CN': '发往 {org} 的中继队列已满;请在 {retryAfterSeconds} 秒后重试。',
  },
  RELAY_TIMED_OUT: {
    en: '{org} did not answer through its relay in {seconds} s.',
    'zh-CN': '{org} 未在 {seconds} 秒内经中继应答。',
  },
  RELAY_LOST: {
    en: '{org} started again while the call was with it; send it again.',
    'zh-CN': '调用转交后 {org} 重新启动;请重新发送。',
  },
  RELAY_CALL_UNKNOWN: {
    en: 'No such call waits for an answer of this organisation.',
    'zh-CN': '没有等待该机构应答的此调用。',
  },
  RELAY_FRAME_MALFORMED: {
    en: 'The relayed message is malformed: {reason}.',
    'zh-CN': '中继报文格式错误:{reason}。',
  },
} as const;
