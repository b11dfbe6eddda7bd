/**
 * `sealedger audit find|request|verify|watch|report --profile FILE`: what a regulator asks of chain and logs.
 *
 * Exit code 0 where nothing is wrong, 1 where findings stand, 2 where something could not be read. Results go to stdout,
 * progress and refusals to stderr; `--json` prints one document on one line.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { parseBundle } from '@sealedger/protocol/evidence/bundle-file.ts';
import { type SignedCheckpoint, signedCheckpointSchema } from '@sealedger/protocol/evidence/checkpoint.ts';
import { messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { parseDocument, parseJson } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { findRelease, findRequests } from '../audit/find.ts';
import { type AuditContext, type AuditView, type LookStep, lookOnce } from '../audit/look.ts';
import { type AuditReport, reportOf } from '../audit/report.ts';
import { reportCsv } from '../audit/report-csv.ts';
import { reportHtml } from '../audit/report-html.ts';
import { reportText } from '../audit/report-text.ts';
import type { AuditedRequest } from '../audit/requests.ts';
import { parseReleaseOpening } from '../release-opening.ts';
import { type AuditOptions, readAuditOptions } from './audit-options.ts';
import {
  findingsText,
  foundText,
  lookDocument,
  lookText,
  requestDocument,
  requestLine,
  requestText,
} from './audit-output.ts';
import { openAudit, readText } from './audit-profile.ts';
import { type CommandIo, EXIT_FAILS, EXIT_HOLDS, EXIT_UNREADABLE } from './verify-command.ts';

const MIN_ID_DIGITS = 8;
const MAX_HEARD = 10_000;

/**
 * Runs the command.
 * @param argv - the arguments after `audit`.
 * @returns the exit code.
 */
export async function runAuditCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  if (argv[0] === '--help') {
    io.stdout(`${messageFor('AUDIT_USAGE', {}, io.locale)}\n`);
    return EXIT_HOLDS;
  }
  let locale = io.locale;
  try {
    const options = readAuditOptions(argv, io.locale);
    locale = options.locale;
    const context = await openAudit(options.profile, { ...options, isFresh: options.verb === 'verify' });
    return await verbs[options.verb]({ options, context, io });
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    io.stderr(`${error.code}: ${messageFor(error.code, error.details, locale)}\n`);
    if (error.code === 'AUDIT_USAGE_WRONG') io.stderr(`${messageFor('AUDIT_USAGE', {}, locale)}\n`);
    return EXIT_UNREADABLE;
  }
}

type Run = { readonly options: AuditOptions; readonly context: AuditContext; readonly io: CommandIo };

const verbs = { find: runFind, request: runRequest, verify: runVerify, watch: runWatch, report: runReport } as const;

/** One look, told on stderr. */
async function look({ context, options, io }: Run): Promise<AuditView> {
  const heard = await readHeard(options.heard);
  const tell = ({ step, ...details }: LookStep): void => {
    const code = step === 'chain' ? 'AUDIT_STEP_CHAIN' : 'AUDIT_STEP_LOG';
    io.stderr(`${messageFor(code, details, options.locale)}\n`);
  };
  return lookOnce(context, { heard, onProgress: everySecond(tell) });
}

/** Of steps along the chain at most one a second. */
function everySecond(tell: (step: LookStep) => void): (step: LookStep) => void {
  let last = 0;
  return (step) => {
    const now = performance.now();
    if (step.step === 'chain' && step.block < step.head && now - last < 1000) return;
    last = now;
    tell(step);
  };
}

const heardSchema = z.union([z.array(signedCheckpointSchema).max(MAX_HEARD), signedCheckpointSchema]);

/** Files with a checkpoint, a list of them, or an evidence bundle that carries some. */
async function readHeard(files: readonly string[]): Promise<readonly SignedCheckpoint[]> {
  const lists = await Promise.all(
    files.map(async (file) => {
      const value = parseJson(z.unknown(), await readText(file), file);
      const isBundle = typeof value === 'object' && value !== null && 'format' in value;
      if (isBundle) return parseBundle(value).checkpoints;
      const heard = parseDocument(heardSchema, value, file);
      return Array.isArray(heard) ? heard : [heard];
    }),
  );
  return lists.flat();
}

function print({ io, options }: Run, document: () => unknown, text: () => string): void {
  io.stdout(options.json ? `${JSON.stringify(document())}\n` : `${text()}\n`);
}

function exitCodeOf(findings: readonly unknown[]): number {
  return findings.length === 0 ? EXIT_HOLDS : EXIT_FAILS;
}

async function runFind(run: Run): Promise<number> {
  const { options } = run;
  const view = await look(run);
  if (options.opening !== undefined) {
    const opening = parseReleaseOpening(parseJson(z.unknown(), await readText(options.opening), options.opening));
    const found = findRelease(view, opening);
    print(
      run,
      () => ({ release: found }),
      () => foundText(found, view, options.locale),
    );
    return EXIT_HOLDS;
  }
  const requests = findRequests(view, options);
  const ids = new Set(requests.map(({ id }) => id));
  const findings = view.findings.filter(({ requestId }) => requestId !== null && ids.has(requestId));
  print(
    run,
    () => ({ requests: requests.map((request) => requestDocument(request)), findings, ...provenOf(view) }),
    () =>
      [
        ...requests.map((request) => requestLine(request, options.locale)),
        ...findingsText(findings, options.locale),
      ].join('\n'),
  );
  return exitCodeOf(findings);
}

function provenOf({ head, provenTo }: AuditView) {
  return { head, provenTo };
}

async function runRequest(run: Run): Promise<number> {
  const { options } = run;
  const view = await look(run);
  const request = requestNamed(view, options.positionals[0]!);
  const findings = view.findings.filter(({ requestId }) => requestId === request.id);
  const entries = view.logs.flatMap((log) => log.entries.filter(({ fields }) => fields['requestId'] === request.id));
  print(
    run,
    () => ({ ...requestDocument(request, entries), findings, ...provenOf(view) }),
    () => requestText(request, entries, findings, view, options.locale),
  );
  return exitCodeOf(findings);
}

/** @throws {ProtocolError} AUDIT_REQUEST_UNKNOWN */
function requestNamed({ story }: AuditView, name: string): AuditedRequest {
  const isName = /^[0-9a-f]+$/.test(name) && name.length >= MIN_ID_DIGITS;
  const found = isName ? [...story.requests.values()].filter(({ id }) => id.startsWith(name)) : [];
  if (found.length !== 1)
    throw new ProtocolError('AUDIT_REQUEST_UNKNOWN', { request: name.slice(0, 64), found: found.length });
  return found[0]!;
}

async function runVerify(run: Run): Promise<number> {
  const view = await look(run);
  print(
    run,
    () => lookDocument(view),
    () => lookText(view, view.findings, run.options.locale),
  );
  return exitCodeOf(view.findings);
}

/** Follows until it is interrupted; with `--once` a single look. */
async function runWatch(run: Run): Promise<number> {
  const { options, io, context } = run;
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  let exitCode = EXIT_HOLDS;
  try {
    do {
      try {
        const view = await look(run);
        exitCode = exitCodeOf(view.findings);
        const told = options.once ? view.findings : view.fresh;
        print(
          run,
          () => lookDocument(view),
          () => lookText(view, told, options.locale),
        );
      } catch (error) {
        if (options.once || !isProtocolError(error)) throw error;
        io.stderr(`${error.code}: ${messageFor(error.code, error.details, options.locale)}\n`);
        exitCode = EXIT_UNREADABLE;
      }
      if (!options.once) await pause(context, options.everyMs, stop.signal);
    } while (!options.once && !stop.signal.aborted);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
  return exitCode;
}

async function pause({ ports }: AuditContext, ms: number, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  if (!signal.aborted) await Promise.race([ports.clock.sleep(ms), aborted]);
}

async function runReport(run: Run): Promise<number> {
  const { options, context, io } = run;
  const view = await look(run);
  const first = [...view.story.requests.values()][0]?.submittedMs ?? view.nowMs;
  const period = { fromMs: options.fromMs ?? first, toMs: options.toMs ?? view.nowMs + 1 };
  const report = reportOf(view, { org: context.org, period, bounds: context.bounds, locale: options.locale });
  if (options.out !== undefined) {
    await writeReport(options.out, report, view, options);
    io.stderr(`${messageFor('AUDIT_WRITTEN', { directory: options.out }, options.locale)}\n`);
  }
  print(
    run,
    () => ({ report, ...lookDocument(view) }),
    () => reportText(report, options.locale),
  );
  return exitCodeOf(view.findings);
}

async function writeReport(
  directory: string,
  report: AuditReport,
  view: AuditView,
  { locale }: AuditOptions,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'report.html'), reportHtml(report, locale));
  await writeFile(join(directory, 'report.csv'), reportCsv(report));
  await writeFile(
    join(directory, 'findings.json'),
    `${JSON.stringify({ findings: view.findings, ...provenOf(view) }, null, 1)}\n`,
  );
}
