/**
 * `sealedger consent add|import|withdraw|commit|show|export|receive|open|erase … --profile FILE`: a holder's log of consents,
 * an authority's share for a bank, and a bank's opening of sampled queries; `audit|check` are the regulator's, see
 * consent-audit-command.ts.
 *
 * A subject comes from a file, never from the command line, and is printed nowhere. What is written with identifiers in it
 * is readable by its owner alone.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { parseIdentifier } from '@sealedger/protocol/identifier.ts';
import { messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import type { ConsentBook } from '../consent.ts';
import { parseConsentTable } from '../consent-csv.ts';
import {
  type BankCall,
  type BankCommand,
  numberOption,
  type Outcome,
  requestNamed,
  runBankCommand,
} from './bank-command.ts';
import { runConsentAuditCommand } from './consent-audit-command.ts';
import { readJson, readText, writeSecret } from './consent-files.ts';
import { type CommandIo, EXIT_HOLDS, EXIT_UNREADABLE } from './verify-command.ts';

const DAY_SECONDS = 86_400;

type Verb = (call: BankCall) => Promise<Outcome>;

const verbs: Readonly<
  Record<
    string,
    {
      readonly run: Verb;
      readonly words: number;
      readonly options: readonly string[];
      /** Whether it writes to the store. */
      readonly isExclusive?: boolean;
    }
  >
> = {
  add: { run: add, isExclusive: true, words: 0, options: ['subject-file', 'requester', 'purpose', 'scope', 'days'] },
  import: { run: importTable, isExclusive: true, words: 1, options: [] },
  withdraw: { run: withdraw, isExclusive: true, words: 0, options: ['index', 'subject-file', 'requester', 'purpose'] },
  commit: { run: commit, isExclusive: true, words: 0, options: [] },
  show: { run: show, words: 0, options: ['index', 'out'] },
  export: { run: exportShare, words: 0, options: ['requester', 'out'] },
  receive: { run: receive, isExclusive: true, words: 1, options: [] },
  open: { run: openSampled, words: 1, options: ['out'] },
  erase: { run: erase, isExclusive: true, words: 1, options: [] },
};

/**
 * Runs the command.
 * @param argv - the arguments after `consent`.
 * @returns the exit code.
 */
export async function runConsentCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  const [word, ...rest] = argv;
  if (word === 'audit' || word === 'check') return runConsentAuditCommand(argv, io);
  const verb = word !== undefined && Object.hasOwn(verbs, word) ? verbs[word] : undefined;
  if (verb === undefined) {
    const isHelp = word === '--help';
    (isHelp ? io.stdout : io.stderr)(`${messageFor('CONSENT_USAGE', {}, io.locale)}\n`);
    return isHelp ? EXIT_HOLDS : EXIT_UNREADABLE;
  }
  const { run, words, options, isExclusive = false } = verb;
  const command: BankCommand = { usage: 'CONSENT_USAGE', options, words: [words, words], isExclusive, run };
  return runBankCommand(command, rest, io);
}

async function add(call: BankCall): Promise<Outcome> {
  const { requester = call.org, scope } = call.values;
  const subject = await readText(needed(call, 'subject-file'));
  const issuedAt = Math.floor(Date.now() / 1000);
  const expiresAt = issuedAt + DAY_SECONDS * numberNeeded(call, 'days');
  const departments = scope === undefined ? [] : scope.split(',');
  const receipt = { requester, purpose: needed(call, 'purpose'), scope: departments, issuedAt, expiresAt };
  const book = await call.bank.consents.book();
  const [index] = await book.add([{ subject: subject.trim(), receipt }]);
  return {
    document: { index, size: book.entries.length },
    lines: [
      call.text('CONSENT_ADDED', { count: 1, size: book.entries.length }),
      call.text('CONSENT_AT', { index: index! }),
    ],
  };
}

async function importTable(call: BankCall): Promise<Outcome> {
  const inputs = parseConsentTable(await readText(call.words[0]!));
  const book = await call.bank.consents.book();
  const before = book.entries.length;
  const indexes = await book.add(inputs);
  const added = book.entries.length - before;
  return {
    document: { read: inputs.length, added, size: book.entries.length, indexes },
    lines: [call.text('CONSENT_ADDED', { count: added, size: book.entries.length })],
  };
}

async function withdraw(call: BankCall): Promise<Outcome> {
  const book = await call.bank.consents.book();
  const indexes = await indexesToWithdraw(call, book);
  if (indexes.length === 0) throw new ProtocolError('CONSENT_NONE_STANDS', {});
  await book.withdraw(indexes);
  return {
    document: { withdrawn: indexes, size: book.entries.length },
    lines: [call.text('CONSENT_WITHDRAWN', { count: indexes.length, size: book.entries.length })],
  };
}

async function indexesToWithdraw(call: BankCall, book: ConsentBook): Promise<readonly number[]> {
  const index = numberOption(call, 'index');
  if (index !== undefined) return [index];
  const { requester, purpose } = call.values;
  const subject = parseIdentifier((await readText(needed(call, 'subject-file'))).trim());
  return book
    .find(subject)
    .filter(({ receipt, index: at }) => {
      const isMeant = requester === undefined || receipt.requester === requester;
      return isMeant && (purpose === undefined || receipt.purpose === purpose) && !book.isWithdrawn(at);
    })
    .map(({ index: at }) => at);
}

async function commit(call: BankCall): Promise<Outcome> {
  const book = await call.bank.consents.book();
  const committed = await book.commit();
  if (committed === null) return { document: { committed: null }, lines: [call.text('CONSENT_COMMITTED_ALREADY')] };
  return { document: { committed }, lines: [call.text('CONSENT_COMMITTED', { ...committed })] };
}

async function show(call: BankCall): Promise<Outcome> {
  const book = await call.bank.consents.book();
  const index = numberOption(call, 'index');
  if (index !== undefined) {
    const held = book.receipt(index);
    if (held === undefined) throw new ProtocolError('CONSENT_NO_RECEIPT_AT', { index });
    const out = needed(call, 'out');
    await writeSecret(out, `${JSON.stringify({ holder: book.holder, ...held }, null, 1)}\n`);
    return { document: { index, out }, lines: [call.text('CONSENT_WRITTEN', { file: out })] };
  }
  const withdrawn = book.entries.filter(({ kind }) => kind === 'withdrawal').length;
  const onChain = await call.bank.ledger.consentOf(book.holder);
  const size = book.entries.length;
  const counts = { size, receipts: size - withdrawn, withdrawn, committed: onChain?.size ?? 0 };
  return { document: { holder: book.holder, ...counts, onChain }, lines: [call.text('CONSENT_STATUS', counts)] };
}

async function exportShare(call: BankCall): Promise<Outcome> {
  const [requester, out] = [needed(call, 'requester'), needed(call, 'out')];
  await writeSecret(out, `${JSON.stringify(await call.bank.consents.share(requester))}\n`);
  return { document: { requester, out }, lines: [call.text('CONSENT_WRITTEN', { file: out })] };
}

async function receive(call: BankCall): Promise<Outcome> {
  const receipts = await call.bank.consents.receive(await readJson(call.words[0]!));
  return { document: { receipts }, lines: [call.text('CONSENT_RECEIVED', { receipts })] };
}

async function openSampled(call: BankCall): Promise<Outcome> {
  const out = needed(call, 'out');
  const { sealed, summary } = await call.bank.consents.open(await readJson(call.words[0]!));
  await writeSecret(out, `${JSON.stringify(sealed)}\n`);
  return {
    document: { ...summary, out },
    lines: [call.text('CONSENT_OPENED', { ...summary }), call.text('CONSENT_WRITTEN', { file: out })],
    holds: summary.without === 0 && summary.lost === 0,
  };
}

async function erase(call: BankCall): Promise<Outcome> {
  const requestId = await requestNamed(call, call.words[0]);
  const orders = await call.bank.consents.erase(requestId);
  return { document: { requestId, orders }, lines: [call.text('CONSENT_ERASED', { orders })] };
}

function needed(call: BankCall, name: string): string {
  const value = call.values[name];
  if (value === undefined)
    throw new ProtocolError('ARGUMENT_INVALID', { argument: `--${name}`, reason: 'sealedger consent --help' });
  return value;
}

function numberNeeded(call: BankCall, name: string): number {
  needed(call, name);
  return numberOption(call, name)!;
}
