/** Valid identifiers in the unissued division prefix 99. */
import { parseIdentifier, residentCheckCharacter, type SubjectId } from '@sealedger/protocol/identifier.ts';

/** The n-th subject, 0 <= n < 10,000,000. */
export function subjectOf(n: number): SubjectId {
  const division = `99${String(Math.floor(n / 1000)).padStart(4, '0')}`;
  const first17 = `${division}19840321${String(n % 1000).padStart(3, '0')}`;
  return parseIdentifier(first17 + residentCheckCharacter(first17));
}

export function subjectsOf(count: number, first = 0): SubjectId[] {
  return Array.from({ length: count }, (_, i) => subjectOf(first + i));
}
