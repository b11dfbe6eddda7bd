/**
 * The catalogue of every message that a person sees, in English and Chinese.
 *
 * Each area keeps its own file; `{name}` in a text is replaced by the detail of that name.
 */
import { adminMessages } from './admin.ts';
import { approvalMessages } from './approval.ts';
import { auditMessages } from './audit.ts';
import { bankCliMessages } from './bank-cli.ts';
import { certificateMessages } from './certificate.ts';
import { chainMessages } from './chain.ts';
import { cliMessages } from './cli.ts';
import { computeMessages } from './compute.ts';
import { consentMessages } from './consent.ts';
import { coreMessages } from './core.ts';
import { datasetMessages } from './dataset.ts';
import { evidenceMessages } from './evidence.ts';
import { keyMessages } from './keys.ts';
import { logMessages } from './log.ts';
import { loopMessages } from './loop.ts';
import { matchMessages } from './match.ts';
import { memberMessages } from './members.ts';
import { nodeMessages } from './node.ts';
import { nodeCliMessages } from './node-cli.ts';
import { pageMessages } from './page.ts';
import { peopleMessages } from './people.ts';
import { policyMessages } from './policy.ts';
import { qualityReasonMessages } from './quality-reasons.ts';
import { qualityRuleMessages } from './quality-rules.ts';
import { repairMessages } from './repair.ts';
import { reportMessages } from './report.ts';
import { requestMessages } from './request.ts';
import { runnerMessages } from './runner.ts';
import { sourceMessages } from './source.ts';
import { trailMessages } from './trail.ts';
import { transportMessages } from './transport.ts';
import { usageMessages } from './usage.ts';
import { verdictMessages } from './verdict.ts';

export type Locale = 'en' | 'zh-CN';
export type MessageTable = Readonly<Record<string, Readonly<Record<Locale, string>>>>;

const catalogue = {
  ...coreMessages,
  ...certificateMessages,
  ...keyMessages,
  ...consentMessages,
  ...computeMessages,
  ...matchMessages,
  ...chainMessages,
  ...datasetMessages,
  ...evidenceMessages,
  ...verdictMessages,
  ...pageMessages,
  ...logMessages,
  ...memberMessages,
  ...nodeMessages,
  ...nodeCliMessages,
  ...qualityReasonMessages,
  ...qualityRuleMessages,
  ...peopleMessages,
  ...policyMessages,
  ...approvalMessages,
  ...repairMessages,
  ...requestMessages,
  ...bankCliMessages,
  ...runnerMessages,
  ...sourceMessages,
  ...cliMessages,
  ...auditMessages,
  ...trailMessages,
  ...adminMessages,
  ...loopMessages,
  ...reportMessages,
  ...transportMessages,
  ...usageMessages,
} as const satisfies MessageTable;

export type ErrorCode = keyof typeof catalogue;

/** Every code of the catalogue. */
export const errorCodes = Object.keys(catalogue) as readonly ErrorCode[];

/** @returns whether `code` is one of the catalogue's. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(catalogue, code);
}

/**
 * The text of `code` in `locale`, its placeholders filled from `details`.
 * @param details - values for the placeholders; one that is missing stays visible as `{name}`.
 */
export function messageFor(code: ErrorCode, details: Readonly<Record<string, unknown>>, locale: Locale): string {
  const template = catalogue[code][locale];
  return template.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(details, name) ? String(details[name]) : whole,
  );
}

/** POSIX order: the first of these that is set says which language messages have. */
const LOCALE_VARIABLES = ['LC_ALL', 'LC_MESSAGES', 'LANG'] as const;

/** The language in which a person reads messages. @param env - environment of the process. */
export function systemLocale(env: Readonly<Record<string, string | undefined>>): Locale {
  const value = LOCALE_VARIABLES.map((name) => env[name]).find((text) => text !== undefined && text !== '');
  return value?.startsWith('zh') === true ? 'zh-CN' : 'en';
}
