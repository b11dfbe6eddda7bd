/** Profiles of a run, beside its results: with them the command line acts as its bank or its regulator while the nodes stay up. */
import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { SUITE } from '@sealedger/protocol/domains.ts';
import type { ChainPlace, Organisation } from './consortium.ts';

/** `OUT/bank.json`. @returns its path. */
export async function writeBankProfile(out: string, bank: Organisation, chain: ChainPlace): Promise<string> {
  return write(join(out, 'bank.json'), {
    ...memberProfile(out, bank, chain),
    store: relative(out, join(bank.directory, 'store')),
  });
}

/** `OUT/regulator.json`. @returns its path. */
export async function writeRegulatorProfile(out: string, regulator: Organisation, chain: ChainPlace): Promise<string> {
  return write(join(out, 'regulator.json'), {
    ...memberProfile(out, regulator, chain),
    trust: 'trust.json',
    state: relative(out, join(regulator.directory, 'audit')),
    certificates: { directory: relative(out, join(regulator.directory, 'certificates')) },
  });
}

/** Paths are relative, so that the directory can be moved. */
function memberProfile(out: string, { org, keystoreFile, passphraseFile }: Organisation, chain: ChainPlace) {
  return {
    suite: SUITE,
    version: 1,
    org,
    keystore: relative(out, keystoreFile),
    passphraseFile: relative(out, passphraseFile),
    deployment: relative(out, chain.deploymentFile),
    rpc: chain.rpcUrl,
  };
}

async function write(path: string, profile: object): Promise<string> {
  await writeFile(path, `${JSON.stringify(profile, null, 1)}\n`);
  return path;
}
