/** Messages of model certificates; see catalogue.ts. */
export const certificateMessages = {
  CERTIFICATE_SUBMISSION: {
    en: 'The {part} of the model handed in for a certificate does not belong to the request: hand in what was sealed.',
    'zh-CN': '提交认证的模型中,{part} 与请求不符:请提交已密封的原件。',
  },
  CERTIFICATE_KEY: {
    en: 'The public key of the sealed model is not an encryption of zero with small errors ({flaw}): no certificate.',
    'zh-CN': '密封模型的公钥不是小误差的零加密({flaw}):不予认证。',
  },
  CERTIFICATE_WEIGHT: {
    en: 'Weight {feature} of the sealed model is not a constant with small errors ({flaw}): no certificate.',
    'zh-CN': '密封模型的第 {feature} 个权重不是小误差的常数加密({flaw}):不予认证。',
  },
  CERTIFICATE_EXPOSURE: {
    en: 'This model, alone or together with earlier ones of the same bank, would lay features bare ({measure}): no certificate.',
    'zh-CN': '该模型单独或与同一银行以往模型结合,会暴露特征({measure}):不予认证。',
  },
  CERTIFICATE_NO_CERTIFIER: {
    en: 'The request names no certifier: ask again and name the regulator that shall certify the model.',
    'zh-CN': '该请求未指定认证机构:请重新申请并指定对模型进行认证的监管机构。',
  },
  CERTIFICATE_SELF: {
    en: '{org} cannot certify its own model, whatever roles it has.',
    'zh-CN': '{org} 不能认证自己的模型,无论其具有何种角色。',
  },
  CERTIFIER_NOT_REGULATOR: {
    en: '{org} is no active regulator of this consortium and certifies no models.',
    'zh-CN': '{org} 不是本联盟的在任监管机构,不能认证模型。',
  },
  CERTIFIER_TAKES_PART: {
    en: '{org} takes part in this computation and cannot certify its model: with the secret key it would see too much.',
    'zh-CN': '{org} 参与本次计算,不能认证其模型:掌握密钥后将获知过多内容。',
  },
  CERTIFICATE_HISTORY: {
    en:
      'A certificate of {certifier} for another model of this bank ({modelDigest}) stands on chain, and that model is not ' +
      'known here: have the bank hand it in too, so that the two can be compared.',
    'zh-CN':
      '链上有 {certifier} 对该银行另一模型({modelDigest})的认证,而本机构不掌握该模型:' + '请银行一并提交,以便比对。',
  },
  CERTIFICATE_DIFFERS: {
    en: 'Another certificate of this certifier for model {modelDigest} stands on chain.',
    'zh-CN': '链上已有本认证机构对模型 {modelDigest} 的另一份认证。',
  },
  CERTIFICATE_UNKNOWN: {
    en: 'No certificate for model {modelDigest} was given here.',
    'zh-CN': '本机构未曾认证模型 {modelDigest}。',
  },
  CERTIFICATE_MISSING: {
    en: 'The grant asks for a certificate of the model by {certifier}, and none stands on chain for this model and requester.',
    'zh-CN': '授权要求由 {certifier} 认证模型,而链上没有针对该模型和申请方的认证。',
  },
  CERTIFICATE_WITHDRAWN: {
    en: '{certifier} has withdrawn the certificate of this model.',
    'zh-CN': '{certifier} 已撤回对该模型的认证。',
  },
  SEALED_RECORD: {
    en: 'The sealed record {name} does not open: it belongs to another keystore or was changed.',
    'zh-CN': '密封记录 {name} 无法打开:属于其他密钥库,或已被改动。',
  },
  CERTIFIER_BUSY: {
    en: 'Another command (process {pid}) examines models in this directory: wait until it has ended.',
    'zh-CN': '另一命令(进程 {pid})正在此目录中审查模型:请待其结束。',
  },
  CERTIFY_USAGE: {
    en:
      'usage: sealedger certify FILE --profile FILE [--floors FILE] [--out FILE] [--json] [--lang en|zh-CN]\n' +
      '       sealedger certify list | resume | withdraw MODEL --profile FILE [--json]\n' +
      '       the passphrase of the keystore: --passphrase-file FILE | --passphrase-fd N, or as the profile says',
    'zh-CN':
      '用法:sealedger certify 文件 --profile 文件 [--floors 文件] [--out 文件] [--json] [--lang en|zh-CN]\n' +
      '     sealedger certify list | resume | withdraw 模型 --profile 文件 [--json]\n' +
      '     密钥库口令:--passphrase-file 文件 | --passphrase-fd 描述符,或由配置文件指定',
  },
  CERTIFY_USAGE_WRONG: { en: 'Wrong call: {reason}.', 'zh-CN': '调用有误:{reason}。' },
  CERTIFY_FILE_UNREADABLE: { en: '{file} cannot be read.', 'zh-CN': '无法读取 {file}。' },
  CERTIFY_CERTIFIED: {
    en: 'Model {modelDigest} of {requester}: certified, the certificate stands on chain.',
    'zh-CN': '{requester} 的模型 {modelDigest}:已认证,证书已上链。',
  },
  CERTIFY_SIGNED: {
    en: 'Model {modelDigest} of {requester}: examined and signed, not on chain yet (sealedger certify resume).',
    'zh-CN': '{requester} 的模型 {modelDigest}:已审查并签署,尚未上链(sealedger certify resume)。',
  },
  CERTIFY_WITHDRAWN: {
    en: 'Model {modelDigest} of {requester}: the certificate was withdrawn.',
    'zh-CN': '{requester} 的模型 {modelDigest}:证书已撤回。',
  },
  CERTIFY_KNOWN: {
    en: 'Model {modelDigest} of {requester}: kept for comparison, without a certificate from here.',
    'zh-CN': '{requester} 的模型 {modelDigest}:留存备比对,本机构未予认证。',
  },
  CERTIFY_FIGURES: {
    en:
      '  {effective} effective features; over {rank} directions of all its models at most {feature} % of a combination is one ' +
      'feature and {party} % one department; certificate {certificateHash}',
    'zh-CN':
      '  有效特征数 {effective};在其全部模型的 {rank} 个方向上,单一特征至多占组合的 {feature} %,' +
      '单一部门至多 {party} %;证书 {certificateHash}',
  },
  CERTIFICATE_CLI_USAGE: {
    en: 'usage: sealedger certificate submit REQUEST --out FILE --profile FILE [--certifier ORG] [--json] [--lang en|zh-CN]',
    'zh-CN':
      '用法:sealedger certificate submit 请求编号 --out 文件 --profile 文件 [--certifier 机构] [--json] [--lang en|zh-CN]',
  },
  CERTIFICATE_SUBMITTED: {
    en: 'Written to {file}, sealed to {certifier}: {bytes} bytes that open the model to it alone.',
    'zh-CN': '已写入 {file},并密封给 {certifier}:共 {bytes} 字节,仅其可打开模型。',
  },
} as const;
