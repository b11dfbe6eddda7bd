/** Texts of a request for a terminal, in the reader's language; what others wrote is quoted, since a terminal obeys some bytes. */
import type { GrantConditions } from '@sealedger/protocol/policy/conditions.ts';
import type { RequestDetails, RequestSummary } from '../services/request-views.ts';
import { columns, type Words } from './call-options.ts';

const DECISION_WORDS = {
  approve: 'REQUEST_WORD_APPROVE',
  reject: 'REQUEST_WORD_REJECT',
  ask: 'REQUEST_WORD_ASK',
  approved: 'REQUEST_WORD_APPROVED',
  rejected: 'REQUEST_WORD_REJECTED',
  waiting: 'REQUEST_WORD_WAITING',
  overdue: 'REQUEST_WORD_OVERDUE',
  met: 'REQUEST_WORD_MET',
  running: 'REQUEST_WORD_RUNNING',
} as const;

const CAUTION_WORDS = {
  'previous-suspended': 'REQUEST_CAUTION_PREVIOUS_SUSPENDED',
  'requester-suspended': 'REQUEST_CAUTION_REQUESTER_SUSPENDED',
  'requester-revoked': 'REQUEST_CAUTION_REQUESTER_REVOKED',
  'consent-holder-missing': 'REQUEST_CAUTION_CONSENT_HOLDER',
} as const;

/** A table of requests. */
export function summariesText(requests: readonly RequestSummary[], words: Words): string {
  if (requests.length === 0) return `${words('REQUEST_NONE')}\n`;
  const head = [
    words('REQUEST_LABEL'),
    words('REQUEST_LABEL_REQUESTER'),
    words('REQUEST_LABEL_PURPOSE'),
    words('REQUEST_LABEL_STATE'),
    words('REQUEST_LABEL_POLICY'),
    words('REQUEST_LABEL_RULE'),
    words('REQUEST_LABEL_PERSONS'),
    words('REQUEST_LABEL_DUE'),
  ];
  return columns([head, ...requests.map((request) => rowOf(request, words))]);
}

function rowOf(request: RequestSummary, words: Words): string[] {
  const { requestId, requester, purpose, decision, state, policy, rule, approvals, timers } = request;
  const answer = timers.find(({ kind }) => kind === 'answer');
  const late = answer?.state === 'overdue' ? ` ${words('REQUEST_WORD_OVERDUE')}` : '';
  return [
    requestId.slice(0, 12),
    requester,
    purpose,
    decision === 'waiting' && state !== 'submitted' && state !== null ? state : words(DECISION_WORDS[decision]),
    policy === null ? '' : words(DECISION_WORDS[policy]),
    rule ?? '',
    `${approvals.given}/${approvals.needed}`,
    answer === undefined ? '' : `${instant(1000 * answer.dueAt)}${late}`,
  ];
}

/** One request with all that a decision needs. */
export function detailsText(request: RequestDetails, words: Words): string {
  const { document } = request;
  const { contact, legalBasis } = document;
  const head = columns([
    [words('REQUEST_LABEL'), request.requestId],
    [words('REQUEST_LABEL_REQUESTER'), request.requester],
    [words('REQUEST_LABEL_PURPOSE'), request.purpose],
    [words('REQUEST_LABEL_BASIS'), `${legalBasis.code}: ${quoted(legalBasis.text)}`],
    [words('REQUEST_LABEL_CONTACT'), quoted([contact.unit, contact.person, contact.channel].join(' · '))],
    [words('REQUEST_LABEL_SUBJECTS'), document.subjects],
    [words('REQUEST_LABEL_QUOTA'), `${document.quota} · ${instant(1000 * document.expiresAt)}`],
    [words('REQUEST_LABEL_STATE'), `${words(DECISION_WORDS[request.decision])} · ${request.state ?? '?'}`],
    [words('REQUEST_LABEL_PERSONS'), `${request.approvals.given}/${request.approvals.needed}`],
  ]);
  const sections = [
    policySection(request, words),
    section(words('REQUEST_LABEL_FEATURES'), request.features.map(featureLine)),
    historySection(request, words),
    section(
      words('REQUEST_LABEL_DEADLINES'),
      request.timers.map(({ kind, dueAt, state }) => [
        timerWord(kind, words),
        instant(1000 * dueAt),
        words(DECISION_WORDS[state]),
      ]),
    ),
    section(
      words('REQUEST_LABEL_QUESTIONS'),
      request.questions.map(({ text, answer }) => [quoted(text ?? ''), answer === null ? '' : quoted(answer)]),
    ),
    section(words('REQUEST_LABEL_ATTACHMENTS'), attachmentLines(request, words)),
    section(
      words('REQUEST_LABEL_CHANGES'),
      request.differences.map(({ path, before, after }) => [path, before ?? '', '→', after ?? '']),
    ),
    section(
      words('REQUEST_LABEL_REASONS'),
      request.reasons.map(({ actor, approved, text, at }) => [
        instant(at),
        actor.slice(0, 12),
        words(DECISION_WORDS[approved ? 'approved' : 'rejected']),
        quoted(text),
      ]),
    ),
  ];
  return `${head}${sections.join('')}`;
}

function policySection({ now, policy, isPolicyChanged, conditions }: RequestDetails, words: Words): string {
  const granted = conditions === null ? [] : [[conditionsText(conditions)]];
  if (now === null) return section(words('REQUEST_LABEL_CONDITIONS'), granted);
  const rows = now.answers.map(({ dataset, level, quality, policy: uid, decision, rule, failed }) => [
    dataset ?? '-',
    `${words('REQUEST_LABEL_LEVEL')} ${level}`,
    `${words('REQUEST_LABEL_QUALITY')} ${quality === null ? '-' : (quality / 100).toFixed(2)}`,
    words(DECISION_WORDS[decision]),
    rule,
    uid ?? '',
    failed.length === 0
      ? ''
      : `${words('REQUEST_LABEL_FAILED')}: ${failed.map(({ rule: of, leftOperand }) => `${of}/${leftOperand}`).join(', ')}`,
  ]);
  const changed =
    isPolicyChanged && policy !== null
      ? `${words('REQUEST_POLICY_CHANGED', { before: words(DECISION_WORDS[policy]) })}\n`
      : '';
  const asked = now.conditions === null ? [] : [[conditionsText(now.conditions)]];
  const cautions = section(
    words('REQUEST_LABEL_CAUTIONS'),
    now.cautions.map((caution) => [words(CAUTION_WORDS[caution])]),
  );
  return `${section(words('REQUEST_LABEL_POLICY'), rows)}${changed}${cautions}${section(words('REQUEST_LABEL_CONDITIONS'), conditions === null ? asked : granted)}`;
}

function historySection({ history }: RequestDetails, words: Words): string {
  const line = words('REQUEST_HISTORY_LINE', { ...history });
  const rows = history.latest.map(({ requestId, purpose, decision, state, used, quota }) => [
    requestId.slice(0, 12),
    purpose,
    words(DECISION_WORDS[decision]),
    state ?? '?',
    `${used}/${quota}`,
  ]);
  return section(words('REQUEST_LABEL_HISTORY'), [[line], ...rows]);
}

function attachmentLines({ document, missing }: RequestDetails, words: Words): string[][] {
  return document.attachments.map(({ name, mediaType, bytes, sha256 }) => [
    quoted(name),
    mediaType,
    String(bytes),
    sha256.slice(0, 12),
    missing.includes(`attachment:${sha256}`) ? words('REQUEST_WORD_MISSING') : '',
  ]);
}

function featureLine(feature: RequestDetails['features'][number]): string[] {
  const { field, transform, valueBits } = feature;
  return [quoted(field), transform, `${valueBits} bit`];
}

/** What a grant keeps to, in the codes of the policy. */
export function conditionsText(conditions: GrantConditions): string {
  const { qualityFloor, hours, weekdays, timeZone, needsConsent, needsCertificate } = conditions;
  return (
    [
      ...(qualityFloor === null ? [] : [`quality ≥ ${qualityFloor}`]),
      ...(hours.length === 0 ? [] : [`${hours.join(' ∩ ')} ${timeZone}`]),
      ...(weekdays === null ? [] : [`weekdays ${weekdays.join(',') || '-'} ${timeZone}`]),
      ...(needsConsent ? ['consent'] : []),
      ...(needsCertificate ? ['certificate'] : []),
    ].join(' · ') || '-'
  );
}

function timerWord(kind: string, words: Words): string {
  if (kind === 'correct') return words('REQUEST_WORD_CORRECT');
  return kind === 'acknowledge' ? words('REQUEST_WORD_ACKNOWLEDGE') : words('REQUEST_WORD_ANSWER');
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : `\n${title}\n${columns(rows.map((row) => [' ', ...row]))}`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function instant(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16)}Z`;
}
