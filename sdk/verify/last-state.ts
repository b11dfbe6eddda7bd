/** What a verifier keeps between bundles: of each organisation's log the largest checkpoint that held. */
import { hex32, organisationId, parseJson } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import type { LastState } from './log-claims.ts';

const lastStateSchema = z.record(organisationId, z.strictObject({ size: z.int().min(1), root: hex32 }));

/** @param name - of the file or store, for the message. @throws {ProtocolError} SCHEMA_MISMATCH */
export function parseLastState(text: string, name: string): LastState {
  return parseJson(lastStateSchema, text, name);
}

export function lastStateText(state: LastState): string {
  return `${JSON.stringify(state, null, 2)}\n`;
}
