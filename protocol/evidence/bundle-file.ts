/**
 * The file of an evidence bundle: JSON that verifies without any network, and as little of it as carries everything.
 *
 * It is canonical JSON (RFC 8785) with one line feed at its end, and there is one file for one bundle: what stands in
 * one order, in one spelling and once cannot be changed without notice. docs/evidence.md specifies it for others.
 */
import { z } from 'zod';
import { canonicalText } from '../canonical.ts';
import { SUITE } from '../domains.ts';
import { ProtocolError } from '../errors.ts';
import { hex32, parseDocument } from '../schema.ts';
import { type Bundle, subjectSchema } from './bundle.ts';
import { headerOf } from './bundle-order.ts';
import { bloomBits, fileBlockSchema, packBlock, unpackBlock } from './file-chain.ts';
import { fileOrganisationSchema, packLogs, unpackLogs } from './file-log.ts';
import { type Json, placeWords, shareWords } from './file-words.ts';
import { contractsSchema } from './trust.ts';

const BUNDLE_FORMAT = 'sealedger-evidence-bundle';
const DOCUMENT = 'evidence bundle';
/** A verifier reads no larger file: 64 MiB of text. */
export const MAX_BUNDLE_BYTES = 64 * 1024 * 1024;

const wrapperSchema = z.looseObject({
  format: z.literal(BUNDLE_FORMAT),
  suite: z.literal(SUITE),
  version: z.literal(3),
  words: z.array(z.string().regex(/^[0-9a-f]*$/, 'lower-case hex')),
});

export const bundleFileSchema = z.strictObject({
  format: z.literal(BUNDLE_FORMAT),
  suite: z.literal(SUITE),
  version: z.literal(3),
  subject: subjectSchema,
  chain: z.strictObject({ chainId: z.int().min(1), genesisHash: hex32, contracts: contractsSchema }),
  /** By number, each with its receipts by index of the transaction. */
  blocks: z.array(fileBlockSchema),
  /** By organisation. */
  logs: z.array(fileOrganisationSchema),
});
export type BundleFile = z.output<typeof bundleFileSchema>;

/**
 * Reads the JSON of a bundle's file.
 * @throws {ProtocolError} SCHEMA_MISMATCH with the path of the first wrong part; BLOCK_HEADER_MALFORMED
 */
export function parseBundle(value: unknown): Bundle {
  const { words, ...rest } = parseDocument(wrapperSchema, value, DOCUMENT);
  return unpackBundle(parseDocument(bundleFileSchema, placeWords(rest as Json, words, MAX_BUNDLE_BYTES), DOCUMENT));
}

/**
 * The text of a bundle's file.
 * @throws {ProtocolError} BLOCK_HEADER_MALFORMED, RECEIPT_PROOF_INVALID, EVENT_TYPE_UNKNOWN where a part is none;
 * BUNDLE_PARTS_DIFFER where a receipt has no block, or an event no checkpoint.
 */
export function bundleText(bundle: Bundle): string {
  return `${canonicalText(bundleJson(bundle))}\n`;
}

/** {@link bundleText} before it is text: for an answer over HTTP. @throws {ProtocolError} as there */
export function bundleJson(bundle: Bundle): Json {
  const { value, words } = shareWords(packBundle(bundle) as unknown as Json);
  return { ...(value as { readonly [key: string]: Json }), words };
}

function packBundle({ subject, chain, blocks, receipts, ...logs }: Bundle): BundleFile {
  const bits = bloomBits();
  const packed: BundleFile = {
    format: BUNDLE_FORMAT,
    suite: SUITE,
    version: 3,
    subject,
    chain,
    blocks: blocks.map((block) => {
      const { hash } = headerOf(block);
      return packBlock(
        block,
        receipts.filter((receipt) => receipt.block === hash),
        bits,
      );
    }),
    logs: packLogs(logs),
  };
  const withBlock = packed.blocks.reduce((sum, block) => sum + block.receipts.length, 0);
  const underCheckpoint = packed.logs.flatMap(({ checkpoints }) => checkpoints.flatMap(({ events }) => events)).length;
  if (withBlock !== receipts.length || underCheckpoint !== logs.items.length) {
    throw new ProtocolError('BUNDLE_PARTS_DIFFER', { what: 'number of receipts or events' });
  }
  return packed;
}

function unpackBundle({ subject, chain, blocks, logs }: BundleFile): Bundle {
  const bits = bloomBits();
  const unpacked = blocks.map((block) => unpackBlock(block, bits));
  return {
    subject,
    chain,
    blocks: unpacked.map(({ block }) => block),
    receipts: unpacked.flatMap(({ receipts }) => receipts),
    ...unpackLogs(logs, subject),
  };
}
