/**
 * `sealedger evidence --request ID | --version ID | --batch REQUEST/ORG/N --profile FILE --out FILE`: collects one bundle
 * from the nodes of all who took part, for a bank or a regulator that took none. With `--state FILE`, the one that
 * `sealedger verify --state` keeps, the parts continue from what the verifier saw last.
 *
 * Exit code 0 where every part came, 1 where one is missing (the file is written with the others), 2 where nothing was
 * written. What the file is worth, `sealedger verify` says.
 */
import { parseArgs } from 'node:util';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { type BundleSubject, subjectSchema } from '@sealedger/protocol/evidence/bundle.ts';
import { bundleText } from '@sealedger/protocol/evidence/bundle-file.ts';
import { type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import { PASSPHRASE_OPTIONS, type PassphraseValues } from '@sealedger/transport/secret-input.ts';
import { collectEvidence, type EvidenceSource, partiesOf } from '../collect-evidence.ts';
import { peerOf } from '../peer-of.ts';
import { parseLastState } from '../verify/last-state.ts';
import { openMember } from './member-profile.ts';
import { type CommandIo, EXIT_FAILS, EXIT_HOLDS, EXIT_UNREADABLE, refusalText } from './verify-command.ts';

type Member = Awaited<ReturnType<typeof openMember>>;
type Options = PassphraseValues & {
  readonly subject: BundleSubject;
  readonly profile: string;
  readonly out: string;
  readonly state: string | undefined;
  readonly locale: Locale;
};

/**
 * Runs the command.
 * @param argv - the arguments after `evidence`.
 * @returns the exit code.
 */
export async function runEvidenceCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  let locale = io.locale;
  try {
    const options = readOptions(argv, io.locale);
    locale = options.locale;
    const member = await openMember(options.profile, options);
    const orgs = await organisationsOf(member, options.subject);
    const state = options.state === undefined ? {} : parseLastState(await io.readFile(options.state), options.state);
    const { bundle, missing } = await collectEvidence(sourceOf(member), orgs, options.subject, state);
    if (io.writeFile === undefined) throw usage('--out');
    await io.writeFile(options.out, bundleText(bundle));
    for (const { org, error } of missing) io.stderr(`${org}: ${refusalText(error, locale)}\n`);
    io.stderr(
      `${messageFor('EVIDENCE_COLLECTED', { file: options.out, parts: orgs.length - missing.length }, locale)}\n`,
    );
    return missing.length === 0 ? EXIT_HOLDS : EXIT_FAILS;
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    io.stderr(`${refusalText(error, locale)}\n`);
    return EXIT_UNREADABLE;
  }
}

function sourceOf({ ledger, peers, ports }: Member): EvidenceSource {
  return {
    clock: ports.clock,
    get: async (org, path) => {
      const record = await ledger.organisation(org);
      if (record === null) throw new ProtocolError('MEMBER_UNKNOWN', { org });
      return peers.json(peerOf(record), { method: 'GET', path, retries: 2 });
    },
  };
}

/** Whose parts make up the bundle, as the chain says it. */
async function organisationsOf({ ledger }: Member, subject: BundleSubject): Promise<readonly string[]> {
  if (subject.kind === 'version') {
    const version = await ledger.datasetVersion(subject.datasetId);
    if (version === null) throw new ProtocolError('EXPORT_VERSION_UNKNOWN', {});
    return [version.owner];
  }
  const request = await ledger.request(subject.requestId);
  if (request === null) throw new ProtocolError('EXPORT_REQUEST_UNKNOWN', {});
  return subject.kind === 'batch' ? request.gates.map(({ org }) => org) : partiesOf(request);
}

function readOptions(argv: readonly string[], locale: Locale): Options {
  const { profile, out, lang, state, request, version, batch, ...passphrase } = readArgv(argv);
  if (profile === undefined) throw usage('--profile FILE');
  if (out === undefined) throw usage('--out FILE');
  if (lang !== undefined && lang !== 'en' && lang !== 'zh-CN') throw usage('--lang en | zh-CN');
  const subject = subjectOf({ request, version, batch });
  return { subject, profile, out, state, locale: lang ?? locale, ...passphrase };
}

function readArgv(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = {
    request: text,
    version: text,
    batch: text,
    profile: text,
    out: text,
    state: text,
    lang: text,
    ...PASSPHRASE_OPTIONS,
  } as const;
  try {
    return parseArgs({ args: [...argv], options, strict: true }).values;
  } catch (cause) {
    throw new ProtocolError(
      'EVIDENCE_COLLECT_USAGE',
      { reason: cause instanceof Error ? cause.message : '' },
      { cause },
    );
  }
}

function subjectOf(named: { readonly [K in 'request' | 'version' | 'batch']?: string | undefined }): BundleSubject {
  const [[kind, text] = [], ...more] = Object.entries(named).filter(([, given]) => given !== undefined);
  if (kind === undefined || text === undefined || more.length > 0) throw usage('--request | --version | --batch');
  const [requestId, org, batch] = text.split('/');
  const subjects: Readonly<Record<string, unknown>> = {
    request: { kind, requestId: text },
    version: { kind, datasetId: text },
    batch: { kind, requestId, org, batch: Number(batch) },
  };
  return parseDocument(subjectSchema, subjects[kind], `--${kind}`);
}

function usage(reason: string): ProtocolError {
  return new ProtocolError('EVIDENCE_COLLECT_USAGE', { reason });
}
