/** Messages of keys at rest; see catalogue.ts. */
export const keyMessages = {
  KEYSTORE_PASSPHRASE: {
    en: 'The keystore of {org} does not open: the passphrase is not its own, or the file was changed.',
    'zh-CN': '无法打开 {org} 的密钥库:口令不符,或文件已被改动。',
  },
  PASSPHRASE_LENGTH: {
    en: 'A passphrase has {minimum} to {maximum} characters.',
    'zh-CN': '口令须为 {minimum} 至 {maximum} 个字符。',
  },
  PASSPHRASE_WEAK: {
    en: 'This passphrase is easily guessed: it repeats itself, counts up, or is little more than a name.',
    'zh-CN': '该口令容易被猜中:含有重复、连续字符,或几乎只是一个名称。',
  },
  PASSPHRASE_MISSING: {
    en: 'The keystore is sealed: give the passphrase by --passphrase-file or --passphrase-fd, or type it at a terminal.',
    'zh-CN': '密钥库已加密:请用 --passphrase-file 或 --passphrase-fd 提供口令,或在终端输入。',
  },
  PASSPHRASE_DIFFERS: {
    en: 'The two entries differ.',
    'zh-CN': '两次输入不一致。',
  },
  PASSPHRASE_ASK: {
    en: 'Passphrase: ',
    'zh-CN': '口令:',
  },
  PASSPHRASE_ASK_NEW: {
    en: 'New passphrase: ',
    'zh-CN': '新口令:',
  },
  PASSPHRASE_ASK_AGAIN: {
    en: 'Once more: ',
    'zh-CN': '请再输入一次:',
  },
  SECRET_UNREADABLE: {
    en: 'A secret is one line of text in a file, a descriptor or at a terminal; this one cannot be read.',
    'zh-CN': '机密内容应为文件、文件描述符或终端中的一行文本;此处无法读取。',
  },
  SECRET_FILE_MODE: {
    en: '{file} may be read by others than its owner (mode {mode}); set it to 600.',
    'zh-CN': '{file} 可被所有者以外的人读取(权限 {mode});请设为 600。',
  },
  KEYSTORE_UNREADABLE: {
    en: 'This is no keystore, or not all of it; `sealedger-node keys init` makes one.',
    'zh-CN': '这不是密钥库文件,或文件不完整;可用 `sealedger-node keys init` 生成。',
  },
  KEYSTORE_MISSING: {
    en: 'There is no keystore at {file}; `sealedger-node keys init` or `sealedger keys init` makes one.',
    'zh-CN': '{file} 处没有密钥库;可用 `sealedger-node keys init` 或 `sealedger keys init` 生成。',
  },
  KEYSTORE_EXISTS: {
    en: 'There is a keystore at {file} already; a new one would lose its keys.',
    'zh-CN': '{file} 处已有密钥库;再生成会丢失其中的密钥。',
  },
  KEYS_MADE: {
    en: 'Keystore of {org}: {file}\n  account  {account}\n  Ed25519  {ed25519Key}\n  X25519   {x25519Key}\nKeep a copy of the file, and the passphrase in another place: without both the keys are lost.',
    'zh-CN':
      '{org} 的密钥库:{file}\n  账户     {account}\n  Ed25519  {ed25519Key}\n  X25519   {x25519Key}\n请备份该文件,并将口令另处保存:缺少其一,密钥即告丢失。',
  },
  KEYS_PASSPHRASE_CHANGED: {
    en: '{file} is sealed under the new passphrase; copies of the file still open with the earlier one.',
    'zh-CN': '{file} 已改用新口令加密;该文件的旧备份仍可用原口令打开。',
  },
  KEYS_USAGE: {
    en: 'usage: sealedger-node keys init --config FILE [--passphrase-file FILE | --passphrase-fd N] [--json]\n       sealedger-node keys passphrase --config FILE [--passphrase-file FILE | --passphrase-fd N] [--new-passphrase-file FILE | --new-passphrase-fd N]\n       sealedger-node keys rotate --config FILE --by ID … [--overlap SECONDS] [--passphrase-file FILE | --passphrase-fd N]\n       sealedger-node keys revoke --config FILE --by ID …',
    'zh-CN':
      '用法:sealedger-node keys init --config 文件 [--passphrase-file 文件 | --passphrase-fd N] [--json]\n      sealedger-node keys passphrase --config 文件 [--passphrase-file 文件 | --passphrase-fd N] [--new-passphrase-file 文件 | --new-passphrase-fd N]\n      sealedger-node keys rotate --config 文件 --by 人员 … [--overlap 秒] [--passphrase-file 文件 | --passphrase-fd N]\n      sealedger-node keys revoke --config 文件 --by 人员 …',
  },
  KEYS_DIFFER: {
    en: 'The chain shows other keys for {org} than this keystore has; is it the current file?',
    'zh-CN': '链上登记的 {org} 密钥与该密钥库不符;请确认所用的是最新文件。',
  },
  KEYS_UNSETTLED: {
    en: 'It is unknown whether the chain took the new keys of {org}; the node ends and looks again at its next start.',
    'zh-CN': '尚不清楚链上是否已登记 {org} 的新密钥;节点将停止,并在下次启动时再行确认。',
  },
  KEYS_STEP_STORED: {
    en: 'The new keys are in the keystore.',
    'zh-CN': '新密钥已写入密钥库。',
  },
  KEYS_STEP_ANCHORED: {
    en: 'Everything logged so far is anchored under the old key.',
    'zh-CN': '此前的全部日志已用旧密钥上链存证。',
  },
  KEYS_STEP_CHAIN: {
    en: 'The chain counts the new keys.',
    'zh-CN': '链上已启用新密钥。',
  },
  KEYS_STEP_PROMOTED: {
    en: 'The keystore and this node go on with the new keys.',
    'zh-CN': '密钥库与本节点已改用新密钥。',
  },
  KEYS_ROTATED: {
    en: 'Key epoch {keyEpoch} since now; the keys before it count for {overlapSeconds} s more. Make a new copy of the keystore: earlier copies lack these keys.',
    'zh-CN': '密钥现为第 {keyEpoch} 期;之前的密钥还可使用 {overlapSeconds} 秒。请重新备份密钥库:旧备份中没有新密钥。',
  },
  KEYS_REVOKED: {
    en: 'Since block {blockNumber} the keys before count for nobody.',
    'zh-CN': '自区块 {blockNumber} 起,之前的密钥不再有效。',
  },
  ADMIN_KEYS_REVOKE: {
    en: 'Ends the overlap: the keys before the last rotation count no more.',
    'zh-CN': '结束重叠期:上次轮换之前的密钥即刻失效。',
  },
  ADMIN_KEYS_ROTATE: {
    en: "Replaces this organisation's keys, with an overlap.",
    'zh-CN': '更换本机构的密钥,并设重叠期。',
  },
  KEYS_BEGUN: {
    en: 'A rotation of these keys broke off; run `sealedger keys rotate` again, which finishes it.',
    'zh-CN': '这些密钥的轮换曾中断;请再次运行 `sealedger keys rotate` 以完成轮换。',
  },
  MEMBER_KEYS_USAGE: {
    en: 'usage: sealedger keys init|passphrase --profile FILE [--passphrase-file FILE | --passphrase-fd N] [--new-passphrase-file FILE | --new-passphrase-fd N] [--json]\n       sealedger keys rotate --profile FILE [--overlap SECONDS] [--passphrase-file FILE | --passphrase-fd N] [--json]\n       sealedger keys revoke --profile FILE [--passphrase-file FILE | --passphrase-fd N] [--json]',
    'zh-CN':
      '用法:sealedger keys init|passphrase --profile 文件 [--passphrase-file 文件 | --passphrase-fd N] [--new-passphrase-file 文件 | --new-passphrase-fd N] [--json]\n      sealedger keys rotate --profile 文件 [--overlap 秒] [--passphrase-file 文件 | --passphrase-fd N] [--json]\n      sealedger keys revoke --profile 文件 [--passphrase-file 文件 | --passphrase-fd N] [--json]',
  },
  KEYSTORE_ORG: {
    en: 'This keystore is of {found}, not of {org}.',
    'zh-CN': '该密钥库属于 {found},而非 {org}。',
  },
} as const;
