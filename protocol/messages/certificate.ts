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
} as const;
