/**
 * `sealedger request FILE`, `--amend ID FILE`, `--renew ID --term-days N [--quota N]`, `--deliver ID`, `--codes`: asks.
 *
 * With `--wait SECONDS` it also waits for the decision; a rejection or the end of the time is exit code 1.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { legalBases, legalBasisCodes, purposeCodes, purposes } from '@sealedger/protocol/purposes.ts';
import type { BankRequest } from '../stored-request.ts';
import {
  type BankCall,
  type BankCommand,
  numberOption,
  type Outcome,
  requestNamed,
  runBankCommand,
} from './bank-command.ts';
import { readChangeFile, readRequestFile } from './request-file.ts';
import { type CommandIo, EXIT_HOLDS } from './verify-command.ts';

const DAY_SECONDS = 86_400;

const requestCommand: BankCommand = {
  usage: 'BANK_REQUEST_USAGE',
  options: ['amend', 'renew', 'deliver', 'quota', 'term-days', 'wait'],
  words: [0, 1],
  isExclusive: true,
  run: async (call) => {
    const request = await send(call);
    if (call.values['wait'] !== undefined) {
      call.progress(call.text('BANK_WAITING', { requestId: request.requestId }));
      await call.bank.awaitDecision(request.requestId, 1000 * numberOption(call, 'wait')!);
    }
    return sent(call, request);
  },
};

/** Runs `sealedger request`; the lists of codes need neither profile nor chain. */
export async function runRequestCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  if (!argv.includes('--codes')) return runBankCommand(requestCommand, argv, io);
  const at = argv.indexOf('--lang');
  const locale = at >= 0 && argv[at + 1] === 'zh-CN' ? 'zh-CN' : at >= 0 ? 'en' : io.locale;
  if (argv.includes('--json')) {
    io.stdout(`${JSON.stringify({ purposes, legalBases })}\n`);
    return EXIT_HOLDS;
  }
  io.stdout(`${messageFor('BANK_CODES_PURPOSES', {}, locale)}\n`);
  for (const code of purposeCodes) {
    const { labels, usualBasis } = purposes[code];
    const usual = {
      code,
      label: labels[locale],
      person: usualBasis.person.join(', '),
      enterprise: usualBasis.enterprise.join(', '),
    };
    io.stdout(`${messageFor('BANK_CODES_PURPOSE', usual, locale)}\n`);
  }
  io.stdout(`${messageFor('BANK_CODES_BASES', {}, locale)}\n`);
  for (const code of legalBasisCodes) {
    const { labels, source } = legalBases[code];
    io.stdout(`${messageFor('BANK_CODES_BASIS', { code, label: labels[locale], source: source[locale] }, locale)}\n`);
  }
  return EXIT_HOLDS;
}

async function send(call: BankCall): Promise<BankRequest> {
  const { bank, values, words, org } = call;
  const [file] = words;
  const asked = (['amend', 'renew', 'deliver'] as const).filter((name) => values[name] !== undefined);
  if (asked.length > 1) throw usage('--amend | --renew | --deliver');
  const requestId = asked[0] === undefined ? undefined : await requestNamed(call, values[asked[0]]);
  switch (asked[0]) {
    case 'deliver': {
      await bank.deliver(requestId!);
      return bank.stored(requestId!);
    }
    case 'renew': {
      const termDays = numberOption(call, 'term-days');
      const quota = numberOption(call, 'quota');
      if (termDays === undefined || termDays === 0) throw usage('--term-days');
      return bank.renew(requestId!, { termSeconds: termDays * DAY_SECONDS, ...(quota === undefined ? {} : { quota }) });
    }
    case 'amend':
      if (file === undefined) throw usage('FILE');
      return bank.amend(requestId!, await readChangeFile(file, { org, listings: await bank.catalogue() }));
    default:
      if (file === undefined) throw usage('FILE');
      return bank.request(await readRequestFile(file, { org, listings: await bank.catalogue() }));
  }
}

async function sent({ bank, text }: BankCall, { requestId, document }: BankRequest): Promise<Outcome> {
  const { state } = await bank.status(requestId);
  const previous = document.previous?.requestId ?? null;
  return {
    document: { requestId, state, previous, change: document.previous?.change ?? 'new', document },
    lines: [text('BANK_REQUEST_SENT', { requestId, state: text(STATE_TEXTS[state]) })],
  };
}

/** A state in words. */
export const STATE_TEXTS = {
  submitted: 'REQUEST_STATE_SUBMITTED',
  active: 'REQUEST_STATE_ACTIVE',
  rejected: 'REQUEST_STATE_REJECTED',
  revoked: 'REQUEST_STATE_REVOKED',
  withdrawn: 'REQUEST_STATE_WITHDRAWN',
  completed: 'REQUEST_STATE_COMPLETED',
  expired: 'REQUEST_STATE_EXPIRED',
  suspended: 'REQUEST_STATE_SUSPENDED',
  superseded: 'REQUEST_STATE_SUPERSEDED',
} as const;

function usage(argument: string): ProtocolError {
  return new ProtocolError('ARGUMENT_INVALID', { argument, reason: 'sealedger request --help' });
}
