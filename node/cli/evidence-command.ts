/**
 * `sealedger-node evidence export`: this node's part of a bundle into a file. The bundle of a version is this one part;
 * parts of a request join with those of the other nodes.
 *
 * Exit 0 where the file was written, 2 where not.
 */
import { canonicalText } from '@sealedger/protocol/canonical.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { type BundleSubject, subjectSchema } from '@sealedger/protocol/evidence/bundle.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import { evidenceExportContract } from '../services/admin-evidence.ts';
import { type AdminCall, numberOption, runVerb, tell } from './call-options.ts';
import type { NodeCommand } from './command.ts';

/** @throws {ProtocolError} ARGUMENT_INVALID, ADMIN_NOT_RUNNING, EXPORT_REQUEST_UNKNOWN, EXPORT_VERSION_UNKNOWN */
export const evidenceCommand: NodeCommand = (argv, io) =>
  runVerb(
    argv,
    io,
    { export: exportPart },
    ['version', 'request', 'batch', 'withhold', 'since', 'through'],
    'EVIDENCE_USAGE',
  );

async function exportPart(call: AdminCall): Promise<number> {
  const withhold = (call.option('withhold') ?? '').split(',').filter((name) => name !== '');
  const [since, through] = [numberOption(call, 'since'), numberOption(call, 'through')];
  const input = {
    subject: subjectOf(call),
    withhold,
    ...(since === undefined ? {} : { since }),
    ...(through === undefined ? {} : { through }),
  };
  const { bundle } = await call.ask(evidenceExportContract, input);
  const text = `${canonicalText(bundle)}\n`;
  return tell({ ...call, isJson: false }, bundle, text);
}

function subjectOf(call: AdminCall): BundleSubject {
  const [version, request, batch] = [call.option('version'), call.option('request'), call.option('batch')];
  if ([version, request, batch].filter((one) => one !== undefined).length !== 1) {
    throw new ProtocolError('ARGUMENT_INVALID', { argument: 'evidence', reason: '--version | --request | --batch' });
  }
  const [requestId, org, number] = (batch ?? '').split('/');
  const subject =
    version !== undefined
      ? { kind: 'version', datasetId: version }
      : request !== undefined
        ? { kind: 'request', requestId: request }
        : { kind: 'batch', requestId, org, batch: Number(number) };
  return parseDocument(subjectSchema, subject, 'evidence');
}
