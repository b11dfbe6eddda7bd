/**
 * Needs for data that banks filed here, and what this department answered.
 *
 * Learns: this department, what the bank's signed words say; nobody else but the filer. The log holds ids and states.
 */
import { toHex } from '@sealedger/protocol/bytes.ts';
import { mayFollow, type NeedAnswer, type NeedStatus, needSchema } from '@sealedger/protocol/catalogue/need.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { envelopeHeader, openEnvelope } from '@sealedger/protocol/envelope.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { nativeEd25519 } from '../crypto.ts';
import type { Mutex } from '../mutex.ts';
import { type Person, personWith, pseudonym } from '../people.ts';
import type { Clock, Directory, EventLog, StateOperation, StateStore } from '../ports.ts';

export interface NeedParts {
  readonly org: string;
  readonly state: StateStore;
  readonly events: EventLog;
  readonly members: Directory;
  readonly clock: Clock;
  readonly mutex: Mutex;
  readonly people: readonly Person[];
  readonly personKey: Uint8Array;
}

export interface Needs {
  /** Takes a signed need; the same one again changes nothing. @throws {ProtocolError} NEED_NOT_OWN, NEED_TOO_MANY, ENVELOPE_* */
  file(caller: string, envelope: unknown): Promise<NeedStatus>;
  /** @throws {ProtocolError} NEED_UNKNOWN, also where another organisation filed it */
  status(caller: string, needId: string): Promise<NeedStatus>;
  /** The caller's needs, or all of them for this organisation itself. */
  list(caller: string): Promise<readonly NeedStatus[]>;
  /** @throws {ProtocolError} NEED_UNKNOWN, NEED_STATE, PERSON_* */
  answer(needId: string, answer: NeedAnswer, by: string | null): Promise<NeedStatus>;
}

const PREFIX = 'need/';
const MAX_OPEN = 100;
const MAX_ANSWERS = 100;

export function createNeeds(parts: NeedParts): Needs {
  const { org, state, mutex } = parts;
  const stored = async (needId: string): Promise<NeedStatus> => {
    const status = await state.get<NeedStatus>(`${PREFIX}${needId}`);
    if (status === undefined) throw new ProtocolError('NEED_UNKNOWN', { need: needId });
    return status;
  };
  const list = async (caller: string): Promise<readonly NeedStatus[]> =>
    (await state.list<NeedStatus>(PREFIX))
      .map(([, status]) => status)
      .filter(({ filer }) => caller === org || filer === caller);
  return {
    list,
    file: (caller, envelope) =>
      mutex.run(`needs/${caller}`, async () => {
        const opened = await openNeed(parts, caller, envelope);
        const known = await state.get<NeedStatus>(`${PREFIX}${opened.needId}`);
        if (known !== undefined) return known;
        const open = (await list(caller)).filter((status) => status.state === 'filed' || status.state === 'planned');
        if (open.length >= MAX_OPEN) throw new ProtocolError('NEED_TOO_MANY', { org: caller, limit: MAX_OPEN });
        const filedAt = new Date(parts.clock.now()).toISOString();
        return save(parts, { ...opened, org, filer: caller, filedAt, state: 'filed', answers: [] });
      }),
    status: async (caller, needId) => {
      const status = await stored(needId);
      if (status.filer !== caller) throw new ProtocolError('NEED_UNKNOWN', { need: needId });
      return status;
    },
    answer: async (needId, answer, by) => {
      const actor = pseudonym(parts.personKey, personWith(parts.people, by, 'steward', 'operator', 'approver').id);
      return mutex.run(`need/${needId}`, async () => {
        const status = await stored(needId);
        if (!mayFollow(status.state, answer.state) || status.answers.length >= MAX_ANSWERS) {
          throw new ProtocolError('NEED_STATE', { state: status.state, next: answer.state });
        }
        const at = new Date(parts.clock.now()).toISOString();
        return save(parts, { ...status, state: answer.state, answers: [...status.answers, { at, answer }] }, actor);
      });
    },
  };
}

async function openNeed({ members, clock }: NeedParts, caller: string, envelope: unknown) {
  const { signer, keyEpoch } = envelopeHeader(envelope);
  if (signer !== caller) throw new ProtocolError('NEED_NOT_OWN', {});
  const publicKey = await members.signingKey(signer, keyEpoch);
  const { body, digest } = openEnvelope(envelope, {
    domain: domains.dataNeed,
    key: { signer, keyEpoch, publicKey },
    now: new Date(clock.now()),
    schema: needSchema,
    ed25519: nativeEd25519,
  });
  return { needId: toHex(digest), need: body };
}

async function save({ events }: NeedParts, status: NeedStatus, actor?: string): Promise<NeedStatus> {
  const { needId, state, answers } = status;
  const write: StateOperation = { type: 'put', key: `${PREFIX}${needId}`, value: status };
  await events.append(
    'need',
    { needId, state, ...(actor === undefined ? {} : { actor }) },
    { id: `need/${needId}/${answers.length}`, operations: [write] },
  );
  return status;
}
