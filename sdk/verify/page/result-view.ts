/** One file's result on the page: verdict on top, facts, what fails, what is open, what holds. */
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { type ErrorCode, type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { type ClaimGroup, type Section, type Summary, summarise, summariseUnreadable } from '../summary.ts';
import { claimsOfUnreadable } from '../verify-bundle.ts';
import type { CheckedFile } from './check-files.ts';
import { element } from './elements.ts';

const STATUS: Readonly<Record<Section['kind'], ErrorCode>> = {
  fails: 'PAGE_STATUS_FAILS',
  open: 'PAGE_STATUS_OPEN',
  beyond: 'PAGE_STATUS_BEYOND',
  holds: 'PAGE_STATUS_HOLDS',
};
const MARKS = { fails: '✗', open: '?', beyond: '·', holds: '✓' } as const;

export function summaryOf({ result }: CheckedFile, locale: Locale): Summary {
  return isProtocolError(result)
    ? summariseUnreadable(claimsOfUnreadable(result, locale), locale)
    : summarise(result, locale);
}

/** @param time - when it was checked, in words. */
export function resultView(file: CheckedFile, time: string, locale: Locale): HTMLElement {
  const { verdict, headline, meaning, facts, sections } = summaryOf(file, locale);
  return element(
    'article',
    { 'data-verdict': verdict },
    element('div', { class: `verdict ${verdict}` }, element('strong', {}, headline), meaning),
    element(
      'div',
      {},
      element('h2', {}, file.name),
      ...facts.map((fact) => element('p', {}, fact)),
      element('p', { class: 'small' }, messageFor('PAGE_CHECKED', { time, digest: file.digest }, locale)),
      ...sections.flatMap((section) => sectionView(section, locale)),
    ),
  );
}

function sectionView({ kind, title, groups }: Section, locale: Locale): HTMLElement[] {
  return [element('h3', {}, title), element('ul', {}, ...groups.map((group) => groupView(kind, group, locale)))];
}

function groupView(kind: Section['kind'], { code, text, why, about }: ClaimGroup, locale: Locale): HTMLElement {
  const status = `${MARKS[kind]} ${messageFor(STATUS[kind], {}, locale)}`;
  const times =
    about.length === 1 ? [] : [element('small', {}, messageFor('PAGE_TIMES', { count: about.length }, locale))];
  return element(
    'li',
    { 'data-code': code, 'data-status': kind },
    element('span', { class: `mark ${kind}` }, status, ...times),
    element(
      'details',
      kind === 'holds' ? {} : { open: '' },
      element('summary', {}, text, ' ', element('code', {}, code)),
      element('p', { class: 'small' }, about.join(', ')),
      ...(why === '' ? [] : [element('p', {}, why)]),
    ),
  );
}
