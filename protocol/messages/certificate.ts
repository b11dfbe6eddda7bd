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
} as const;
