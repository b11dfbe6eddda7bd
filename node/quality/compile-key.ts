/**
 * Keys of entities in SQL: one spelling for what differs by width, case, blanks, punctuation or legal form only.
 *
 * A key is the text without blanks, punctuation and symbols, half-width and lower case; of a company also without the
 * words for its legal form. Null where nothing is left.
 */
import { quoteText } from '../catalogue/sql-text.ts';
import type { KeyForm } from './rule.ts';

const WIDE = Array.from({ length: 0x5e }, (_, i) => String.fromCodePoint(0xff01 + i)).join('');
const NARROW = Array.from({ length: 0x5e }, (_, i) => String.fromCodePoint(0x21 + i)).join('');
const REMOVED = '[\\s\\p{Z}\\p{P}\\p{S}\\p{C}]+';
/** Legal forms at the end of a name, longest first; GB/T 12402 and usual English ones. */
const COMPANY_FORMS =
  '(股份有限责任公司|集团股份有限公司|集团有限责任公司|集团有限公司|股份有限公司|有限责任公司|有限公司|股份公司|集团公司|总公司|公司|集团|' +
  'companylimited|coltd|corporation|incorporated|limited|corp|ltd|inc|llc|plc|co)+$';

/** The key of a text. */
export function keySql(form: KeyForm, text: string): string {
  const narrow = `translate(nfc_normalize(${text}), ${quoteText(WIDE)}, ${quoteText(NARROW)})`;
  const plain = `regexp_replace(lower(${narrow}), ${quoteText(REMOVED)}, '', 'g')`;
  switch (form) {
    case 'text':
      return `nullif(${plain}, '')`;
    case 'company':
      // A name that is nothing but a legal form keeps it.
      return `coalesce(nullif(regexp_replace(${plain}, ${quoteText(COMPANY_FORMS)}, ''), ''), nullif(${plain}, ''))`;
    case 'identifier':
      return `nullif(upper(${plain}), '')`;
  }
}
