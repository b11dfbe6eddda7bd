/** The arguments of `sealedger audit`. */
import { parseArgs } from 'node:util';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Locale } from '@sealedger/protocol/messages/catalogue.ts';
import { PASSPHRASE_OPTIONS, type PassphraseValues } from '@sealedger/transport/secret-input.ts';

export const auditVerbs = ['find', 'request', 'verify', 'watch', 'report'] as const;
export type AuditVerb = (typeof auditVerbs)[number];

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const common = { profile: text, state: text, lang: text, json: flag, ...PASSPHRASE_OPTIONS } as const;
const times = { from: text, to: text } as const;
/** What each verb takes beside the common ones. */
const own = {
  find: { ...times, org: text, requester: text, purpose: text, dataset: text, opening: text },
  request: {},
  verify: { heard: { type: 'string', multiple: true } },
  watch: { once: flag, every: text, heard: { type: 'string', multiple: true } },
  report: { ...times, out: text },
} as const;

export type AuditOptions = PassphraseValues & {
  readonly verb: AuditVerb;
  readonly profile: string;
  readonly state: string | undefined;
  readonly json: boolean;
  readonly locale: Locale;
  readonly positionals: readonly string[];
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
  readonly org: string | undefined;
  readonly requester: string | undefined;
  readonly purpose: string | undefined;
  readonly dataset: string | undefined;
  readonly opening: string | undefined;
  readonly heard: readonly string[];
  readonly once: boolean;
  readonly everyMs: number;
  readonly out: string | undefined;
};

const DEFAULT_EVERY_SECONDS = 30;

/** @throws {ProtocolError} AUDIT_USAGE_WRONG */
export function readAuditOptions(argv: readonly string[], locale: Locale): AuditOptions {
  const [word, ...rest] = argv;
  const verb = auditVerbs.find((known) => known === word);
  if (verb === undefined) throw usage(`find | request | verify | watch | report`);
  const { values, positionals } = parse(verb, rest);
  const lang = values['lang'];
  if (lang !== undefined && lang !== 'en' && lang !== 'zh-CN') throw usage('--lang en | zh-CN');
  const profile = textOf(values['profile']);
  if (profile === undefined) throw usage('--profile FILE');
  if (verb === 'request' ? positionals.length !== 1 : positionals.length > 0)
    throw usage(verb === 'request' ? 'request ID' : positionals[0]!);
  return {
    verb,
    profile,
    'passphrase-file': textOf(values['passphrase-file']),
    'passphrase-fd': textOf(values['passphrase-fd']),
    state: textOf(values['state']),
    json: values['json'] === true,
    locale: lang ?? locale,
    positionals,
    fromMs: timeOf(values['from'], '--from'),
    toMs: timeOf(values['to'], '--to'),
    org: textOf(values['org']),
    requester: textOf(values['requester']),
    purpose: textOf(values['purpose']),
    dataset: textOf(values['dataset']),
    opening: textOf(values['opening']),
    heard: Array.isArray(values['heard']) ? values['heard'].map(String) : [],
    once: values['once'] === true,
    everyMs: 1000 * secondsOf(values['every']),
    out: textOf(values['out']),
  };
}

function parse(verb: AuditVerb, args: readonly string[]) {
  try {
    const options = { ...common, ...own[verb] };
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    return { values: values as Readonly<Record<string, unknown>>, positionals };
  } catch (cause) {
    throw new ProtocolError('AUDIT_USAGE_WRONG', { reason: cause instanceof Error ? cause.message : '' }, { cause });
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** RFC 3339, a date alone is its beginning in UTC. */
function timeOf(value: unknown, name: string): number | undefined {
  if (value === undefined) return undefined;
  const isTime = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}(T[0-9:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(value);
  const time = isTime ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) throw usage(`${name} 2026-01-31 | 2026-01-31T08:00:00Z`);
  return time;
}

function secondsOf(value: unknown): number {
  const seconds = value === undefined ? DEFAULT_EVERY_SECONDS : Number(value);
  if (!Number.isFinite(seconds) || seconds < 1 || seconds > 86_400) throw usage('--every 1 … 86400');
  return seconds;
}

function usage(reason: string): ProtocolError {
  return new ProtocolError('AUDIT_USAGE_WRONG', { reason });
}
