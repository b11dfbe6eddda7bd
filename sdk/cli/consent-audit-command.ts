/**
 * `sealedger consent audit REQUEST --out CHALLENGE` and `sealedger consent check CHALLENGE [OPENING]`: a regulator samples the
 * queries of a grant and checks what the bank opened.
 *
 * Exit code 0 where it was done and everything sampled had consent, 1 where not, 2 where something could not be read. The
 * report goes to stdout, with `--json` as one document; no identifier is in it.
 */
import { parseArgs } from 'node:util';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { DEFAULT_SAMPLE, MAX_SAMPLE } from '@sealedger/protocol/consent-audit.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { createLedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { createPeerClient } from '@sealedger/protocol/peer-client.ts';
import { loadPoprf } from '@sealedger/protocol/poprf.ts';
import { PASSPHRASE_OPTIONS } from '@sealedger/transport/secret-input.ts';
import { type LookOptions, lookOnce } from '../audit/look.ts';
import { beginConsentAudit, type ConsentAuditParts, finishConsentAudit, type Untold } from '../consent-audit.ts';
import { consentReportText } from '../consent-report.ts';
import { signingKeyOn } from '../peer-of.ts';
import { openRegulator } from './audit-profile.ts';
import { readJson, writeSecret } from './consent-files.ts';
import { type CommandIo, EXIT_FAILS, EXIT_HOLDS, EXIT_UNREADABLE } from './verify-command.ts';

const OPTIONS = {
  profile: { type: 'string' },
  sample: { type: 'string' },
  days: { type: 'string' },
  out: { type: 'string' },
  json: { type: 'boolean', default: false },
  lang: { type: 'string' },
  ...PASSPHRASE_OPTIONS,
} as const;

const DAY_SECONDS = 86_400;
const DEFAULT_DAYS = 5;
const MIN_ID_DIGITS = 8;

type Call = {
  readonly words: readonly string[];
  readonly values: ReturnType<typeof parseOptions>['values'];
  readonly locale: Locale;
  readonly io: CommandIo;
};

/**
 * Runs the command.
 * @param argv - the arguments after `consent`, beginning with `audit` or `check`.
 * @returns the exit code.
 */
export async function runConsentAuditCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  let locale = io.locale;
  try {
    const { values, positionals } = parseOptions(argv);
    if (values.lang === 'en' || values.lang === 'zh-CN') locale = values.lang;
    const call: Call = { words: positionals, values, locale, io };
    if (values.profile === undefined) throw argument('--profile FILE');
    const parts = await openParts(values.profile, values);
    return await (positionals[0] === 'audit' ? begin(parts, call) : check(parts, call));
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    io.stderr(`${error.code}: ${messageFor(error.code, error.details, locale)}\n`);
    return EXIT_UNREADABLE;
  }
}

async function begin(parts: ConsentAuditParts, { words, values, locale, io }: Call): Promise<number> {
  const [, name, ...more] = words;
  const { out } = values;
  if (name === undefined || more.length > 0 || out === undefined) throw argument('REQUEST --out FILE');
  const sampleSize = wholeNumber(values.sample, '--sample', MAX_SAMPLE) ?? DEFAULT_SAMPLE;
  const openWithinSeconds = DAY_SECONDS * (wholeNumber(values.days, '--days', 366) ?? DEFAULT_DAYS);
  const requestId = await requestNamed(parts, name);
  const { challenge, untold } = await beginConsentAudit(parts, requestId, { sampleSize, openWithinSeconds });
  await writeSecret(out, `${JSON.stringify(challenge)}\n`);
  tellUntold(untold, locale, io);
  const { gates, deadline, beacon } = challenge.body;
  const sampled = gates.reduce((sum, { sample }) => sum + sample.length, 0);
  const total = gates.reduce((sum, gate) => sum + gate.total, 0);
  const details = { sampled, total, deadline: new Date(1000 * deadline).toISOString(), file: out };
  const document = { requestId, beacon, sampled, total, deadline, out };
  io.stdout(values.json ? `${JSON.stringify(document)}\n` : `${messageFor('CONSENT_CHALLENGED', details, locale)}\n`);
  return EXIT_HOLDS;
}

async function check(parts: ConsentAuditParts, { words, values, locale, io }: Call): Promise<number> {
  const [, challenge, opening, ...more] = words;
  if (challenge === undefined || more.length > 0) throw argument('CHALLENGE [OPENING]');
  const opened = opening === undefined ? undefined : await readJson(opening);
  const { report, untold } = await finishConsentAudit(parts, await readJson(challenge), opened);
  if (values.out !== undefined) await writeSecret(values.out, `${JSON.stringify(report, null, 1)}\n`);
  tellUntold(untold, locale, io);
  io.stdout(values.json ? `${JSON.stringify(report)}\n` : `${consentReportText(report, locale)}\n`);
  return report.outcome === 'passed' ? EXIT_HOLDS : EXIT_FAILS;
}

function tellUntold(untold: readonly Untold[], locale: Locale, io: CommandIo): void {
  for (const { gate, error } of untold)
    io.stderr(`${messageFor('CONSENT_GATE_UNTOLD', { gate, code: error.code }, locale)}\n`);
}

/** The request whose id begins like this, as the chain has it. @throws {ProtocolError} AUDIT_REQUEST_UNKNOWN */
async function requestNamed({ audit, look }: ConsentAuditParts, name: string): Promise<string> {
  const { story } = await lookOnce(audit, look);
  const isName = /^[0-9a-f]+$/.test(name) && name.length >= MIN_ID_DIGITS;
  const found = isName ? [...story.requests.keys()].filter((id) => id.startsWith(name)) : [];
  if (found.length !== 1)
    throw new ProtocolError('AUDIT_REQUEST_UNKNOWN', { request: name.slice(0, 64), found: found.length });
  return found[0]!;
}

async function openParts(profile: string, values: Call['values']): Promise<ConsentAuditParts> {
  const { context, keys, deployment } = await openRegulator(profile, { ...values, isFresh: false });
  if (deployment === null) throw argument('deployment');
  const { org, rpc, ports } = context;
  const account = { privateKeyHex: toHex(keys.account) };
  const ledger = createLedgerClient({ rpc, deployment, clock: ports.clock, account });
  const record = await ledger.organisation(org);
  if (record === null) throw new ProtocolError('MEMBER_UNKNOWN', { org });
  const { keyEpoch } = record;
  const ed25519 = ports.ed25519!;
  const sign = (message: Uint8Array): Uint8Array => ed25519.sign(message, keys.signing);
  const look: LookOptions = {};
  return {
    audit: context,
    sender: { org, keyEpoch, secretKey: keys.signing, ed25519 },
    sealing: [keys.sealing, ...keys.earlierSealing],
    ledger,
    peers: createPeerClient({ org, keyEpoch, sign }, { ...ports, signingKey: signingKeyOn(ledger, ports.clock) }),
    poprf: await loadPoprf(),
    look,
  };
}

function wholeNumber(text: string | undefined, name: string, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > most) throw argument(`${name} 1-${most}`);
  return value;
}

function parseOptions(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (cause) {
    throw argument(cause instanceof Error ? cause.message : '');
  }
}

function argument(reason: string): ProtocolError {
  return new ProtocolError('ARGUMENT_INVALID', { argument: 'sealedger consent', reason });
}
