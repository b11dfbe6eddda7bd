/** The rows of a work order, in a file of the node's own: numbers, digests and reasons, never a cell. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { isErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import { hex32, parseJson } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';

const digest = z.string().regex(/^[0-9a-f]{32}$/);
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const orderRowsSchema = z.strictObject({
  version: z.literal(1),
  orderId: hex32,
  /** Rows of the whole source when these failed. */
  sourceRows: z.int().min(0),
  /** Failing rows in all; more than are listed where the plan's limit cut them off. */
  total: z.int().min(0),
  reasons: z.array(
    z.strictObject({
      code: z.string().refine(isErrorCode, 'a message code'),
      details: z.record(z.string(), scalar),
      fields: z.array(z.string()),
    }),
  ),
  /** Row number, digest of the key or null, digest of the row, indexes of the reasons. */
  rows: z.array(z.tuple([z.int().min(1), digest.nullable(), digest, z.array(z.int().min(0))])),
});
export type OrderRows = z.output<typeof orderRowsSchema>;

export interface OrderFiles {
  write(rows: OrderRows): Promise<void>;
  /** @throws {ProtocolError} WORK_ORDER_ROWS_LOST where the file is missing or malformed. */
  read(orderId: string): Promise<OrderRows>;
}

/** Files under a directory of the node, each whole or not there. */
export function createOrderFiles(directory: string): OrderFiles {
  const pathOf = (orderId: string): string => join(directory, `${orderId}.json`);
  return {
    write: async (rows) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const next = join(directory, `${rows.orderId}.${randomBytes(4).toString('hex')}.next`);
      try {
        await writeFile(next, JSON.stringify(rows), { mode: 0o600, flush: true });
        await rename(next, pathOf(rows.orderId));
      } finally {
        await rm(next, { force: true });
      }
    },
    read: async (orderId) => {
      try {
        return parseJson(orderRowsSchema, await readFile(pathOf(orderId), 'utf8'), 'rows of a work order');
      } catch (cause) {
        throw new ProtocolError('WORK_ORDER_ROWS_LOST', { orderId }, { cause });
      }
    },
  };
}
