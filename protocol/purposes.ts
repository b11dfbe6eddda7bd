/**
 * What a request may be for and on which legal ground: two closed lists of codes, with labels for people.
 *
 * The code of a purpose stands on chain and in owners' policies; the ground is stated by the requester and judged by
 * the owners. The hints say which ground is usual: they are no legal advice, and no program decides by them.
 * Source: 个人信息保护法 (PIPL) Art. 13, 征信业管理条例 (State Council Order 631) Art. 13, 18, 20 and 21,
 * 商业银行法 Art. 35, 反洗钱法 (2024) Art. 28 and 29, 国办发〔2021〕52号.
 */
import { z } from 'zod';

export type SubjectClass = 'person' | 'enterprise';

type Labels = { readonly en: string; readonly 'zh-CN': string };

export const legalBasisCodes = [
  'consent',
  'credit-consent',
  'contract',
  'legal-duty',
  'emergency',
  'public-interest',
  'disclosed',
  'enterprise-authorisation',
  'other-law',
] as const;
export type LegalBasisCode = (typeof legalBasisCodes)[number];

/** A ground, where it stands, and whose data it can be a ground for. */
export type LegalBasisEntry = {
  readonly labels: Labels;
  readonly source: Labels;
  readonly subjects: readonly SubjectClass[];
};

const PERSON = ['person'] as const;
const ENTERPRISE = ['enterprise'] as const;
const BOTH = ['person', 'enterprise'] as const;

export const legalBases: Readonly<Record<LegalBasisCode, LegalBasisEntry>> = {
  consent: {
    labels: { en: 'Consent of the individual', 'zh-CN': '取得个人的同意' },
    source: { en: 'PIPL Article 13(1)(1)', 'zh-CN': '个人信息保护法第十三条第一款第(一)项' },
    subjects: PERSON,
  },
  'credit-consent': {
    labels: {
      en: 'Written consent of the individual to a credit enquiry, with the use agreed',
      'zh-CN': '信息主体本人书面同意查询信用信息并约定用途',
    },
    source: {
      en: 'Regulation on the Credit Reporting Industry, Articles 13 and 18; PIPL Article 13(1)(1)',
      'zh-CN': '征信业管理条例第十三条、第十八条;个人信息保护法第十三条第一款第(一)项',
    },
    subjects: PERSON,
  },
  contract: {
    labels: {
      en: 'Necessary to conclude or perform a contract to which the individual is a party',
      'zh-CN': '为订立、履行个人作为一方当事人的合同所必需',
    },
    source: { en: 'PIPL Article 13(1)(2)', 'zh-CN': '个人信息保护法第十三条第一款第(二)项' },
    subjects: PERSON,
  },
  'legal-duty': {
    labels: { en: 'Necessary for a statutory function or duty', 'zh-CN': '为履行法定职责或者法定义务所必需' },
    source: {
      en: 'PIPL Article 13(1)(3), with the law that sets the duty named in the text',
      'zh-CN': '个人信息保护法第十三条第一款第(三)项,并在说明中写明设定该义务的法律',
    },
    subjects: BOTH,
  },
  emergency: {
    labels: {
      en: 'Public health emergency, or protection of life, health and property in an emergency',
      'zh-CN': '应对突发公共卫生事件,或者紧急情况下保护自然人的生命健康和财产安全所必需',
    },
    source: { en: 'PIPL Article 13(1)(4)', 'zh-CN': '个人信息保护法第十三条第一款第(四)项' },
    subjects: PERSON,
  },
  'public-interest': {
    labels: {
      en: 'News reporting or oversight by public opinion in the public interest, within reason',
      'zh-CN': '为公共利益实施新闻报道、舆论监督等行为,在合理的范围内处理',
    },
    source: { en: 'PIPL Article 13(1)(5)', 'zh-CN': '个人信息保护法第十三条第一款第(五)项' },
    subjects: PERSON,
  },
  disclosed: {
    labels: {
      en: 'Information that the subject or the law has made public, within reason',
      'zh-CN': '在合理的范围内处理自行公开或者其他已经合法公开的信息',
    },
    source: {
      en: 'PIPL Articles 13(1)(6) and 27; Regulation on the Credit Reporting Industry, Articles 13 and 21',
      'zh-CN': '个人信息保护法第十三条第一款第(六)项、第二十七条;征信业管理条例第十三条、第二十一条',
    },
    subjects: BOTH,
  },
  'enterprise-authorisation': {
    labels: { en: 'Authorisation by the enterprise', 'zh-CN': '企业的授权' },
    source: {
      en:
        'State Council General Office 2021 No. 52 (sharing of credit information for the financing of small enterprises); ' +
        'Regulation on the Credit Reporting Industry, Article 21',
      'zh-CN': '国办发〔2021〕52号《加强信用信息共享应用促进中小微企业融资实施方案》;征信业管理条例第二十一条',
    },
    subjects: ENTERPRISE,
  },
  'other-law': {
    labels: {
      en: 'Another case that a law or administrative regulation provides for, named in the text',
      'zh-CN': '法律、行政法规规定的其他情形,并在说明中写明依据',
    },
    source: { en: 'PIPL Article 13(1)(7)', 'zh-CN': '个人信息保护法第十三条第一款第(七)项' },
    subjects: BOTH,
  },
};

export const purposeCodes = [
  'credit-underwriting',
  'credit-line-review',
  'loan-pricing',
  'post-loan-monitoring',
  'guarantee-assessment',
  'supply-chain-finance',
  'inclusive-finance',
  'debt-restructuring',
  'fraud-prevention',
  'anti-money-laundering',
  'portfolio-review',
  'marketing',
] as const;
export type PurposeCode = (typeof purposeCodes)[number];

export type PurposeEntry = {
  readonly labels: Labels;
  /** Grounds that are usual for it, the most usual first, for each class of subjects. */
  readonly usualBasis: Readonly<Record<SubjectClass, readonly LegalBasisCode[]>>;
};

const LENDING = {
  person: ['credit-consent', 'consent'],
  enterprise: ['enterprise-authorisation', 'disclosed'],
} as const;
const BY_DUTY = {
  person: ['legal-duty', 'consent'],
  enterprise: ['legal-duty', 'enterprise-authorisation'],
} as const;

export const purposes: Readonly<Record<PurposeCode, PurposeEntry>> = {
  'credit-underwriting': {
    labels: { en: 'Deciding on an application for credit', 'zh-CN': '授信审批' },
    usualBasis: LENDING,
  },
  'credit-line-review': {
    labels: { en: 'Reviewing an existing credit line', 'zh-CN': '授信额度复审' },
    usualBasis: LENDING,
  },
  'loan-pricing': { labels: { en: 'Pricing a loan', 'zh-CN': '贷款定价' }, usualBasis: LENDING },
  'post-loan-monitoring': {
    labels: { en: 'Monitoring of borrowers after lending', 'zh-CN': '贷后管理' },
    usualBasis: LENDING,
  },
  'guarantee-assessment': {
    labels: { en: 'Assessing a guarantor', 'zh-CN': '担保人资信评估' },
    usualBasis: LENDING,
  },
  'supply-chain-finance': {
    labels: { en: 'Finance along a supply chain', 'zh-CN': '供应链融资' },
    usualBasis: LENDING,
  },
  'inclusive-finance': {
    labels: { en: 'Pre-approved credit for small businesses and farmers', 'zh-CN': '普惠金融预授信' },
    usualBasis: LENDING,
  },
  'debt-restructuring': {
    labels: { en: 'Rescheduling and relief of debt', 'zh-CN': '债务重组与纾困' },
    usualBasis: { person: ['contract', 'consent'], enterprise: ['enterprise-authorisation'] },
  },
  'fraud-prevention': { labels: { en: 'Prevention of fraud', 'zh-CN': '反欺诈' }, usualBasis: BY_DUTY },
  'anti-money-laundering': {
    labels: { en: 'Customer due diligence against money laundering', 'zh-CN': '反洗钱客户尽职调查' },
    usualBasis: BY_DUTY,
  },
  'portfolio-review': {
    labels: { en: 'Review of the risk of a loan book', 'zh-CN': '信贷资产组合风险评估' },
    usualBasis: { person: ['legal-duty', 'consent'], enterprise: ['legal-duty', 'enterprise-authorisation'] },
  },
  marketing: {
    labels: { en: 'Offering products to customers', 'zh-CN': '营销推介' },
    usualBasis: { person: ['consent'], enterprise: ['enterprise-authorisation'] },
  },
};

export const purposeSchema = z.enum(purposeCodes);
export const legalBasisSchema = z.enum(legalBasisCodes);

/** Whether a ground can be one for data about such subjects: PIPL is about natural persons only. */
export function isBasisFor(basis: LegalBasisCode, subjects: SubjectClass): boolean {
  return legalBases[basis].subjects.includes(subjects);
}
