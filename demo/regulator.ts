/** The regulator of a run: a process of its own that took no part, with its profile, its trust file and its own keystore. */
import { join } from 'node:path';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Deployment } from '@sealedger/protocol/ledger/deployment.ts';
import type { CertifiedModelReport } from '@sealedger/sdk/certificates.ts';
import { type ChainPlace, isAdmitted, type Organisation } from './consortium.ts';
import type { Processes } from './processes.ts';
import { writeRegulatorProfile } from './profiles.ts';
import type { AuditFigures, CertificateFigures } from './report.ts';

export interface RegulatorTask {
  readonly out: string;
  readonly lang: string;
}

export interface RegulatorWorld {
  readonly organisations: readonly Organisation[];
  readonly deployment: Deployment;
  readonly chain: ChainPlace;
}

/**
 * Writes `OUT/regulator.json` and has the regulator rebuild every request and verify every event; its report stands in
 * `OUT/audit`.
 * @returns null where no regulator is admitted.
 * @throws {ProtocolError} PROCESS_FAILED where it could not read chain or logs.
 */
export async function runRegulator(
  { out, lang }: RegulatorTask,
  { organisations, deployment, chain }: RegulatorWorld,
  processes: Processes,
): Promise<AuditFigures> {
  const regulator = await admittedRegulator({ organisations, deployment, chain });
  if (regulator === null) return null;
  const profile = await writeRegulatorProfile(out, regulator, chain);
  const script = new URL('../sdk/cli/sealedger.ts', import.meta.url);
  const args = ['audit', 'report', '--profile', profile, '--out', join(out, 'audit'), '--json', '--lang', lang];
  const child = await processes.start(regulator.org, script, args);
  const { requests, events, nodes, findings } = await child.line('report');
  return {
    requests: Number(requests),
    events: Number(events),
    nodes: Number(nodes),
    findings: (findings as readonly unknown[]).length,
  };
}

/** The regulator of a run; null where the chain knows none. */
export async function admittedRegulator({
  organisations,
  deployment,
  chain,
}: RegulatorWorld): Promise<Organisation | null> {
  const regulator = organisations.find(({ roles }) => roles.includes('regulator'));
  if (regulator === undefined || !(await isAdmitted(regulator.org, chain, deployment))) return null;
  return regulator;
}

/**
 * Has the regulator examine what the bank handed in, and certify it; the signed certificate is written to
 * `OUT/certificate.json`.
 * @throws {ProtocolError} PROCESS_FAILED where it refuses; its log says why.
 */
export async function certifyModel(
  { out, lang }: RegulatorTask,
  { regulator, chain }: { readonly regulator: Organisation; readonly chain: ChainPlace },
  submission: string,
  processes: Processes,
): Promise<CertificateFigures> {
  const profile = await writeRegulatorProfile(out, regulator, chain);
  const script = new URL('../sdk/cli/sealedger.ts', import.meta.url);
  const certificate = join(out, 'certificate.json');
  const args = ['certify', submission, '--profile', profile, '--out', certificate, '--json', '--lang', lang];
  const child = await processes.start(`${regulator.org}-certifier`, script, args);
  const [model] = (await child.line('models'))['models'] as readonly CertifiedModelReport[];
  const { exposure, certificateHash, state } = model!;
  if (state !== 'certified') throw new ProtocolError('PROCESS_FAILED', { name: child.name, exitCode: state, log: '' });
  return { ...exposure!, certificateHash: certificateHash! };
}
