/**
 * Attachments of requests as a bank sends them: each under the request and the digest that the document declares.
 *
 * A document names size and digest of every attachment, and its own digest stands on chain: what is kept here is what
 * was declared, or it is not kept. Nobody parses one; a person who decides may open the file.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { type Attachment, type RequestDocument, requestId } from '@sealedger/protocol/request.ts';
import { boundedFile, closed, INCOMING } from './bounded-file.ts';

export interface AttachmentStore {
  /**
   * Streams an attachment to disk and keeps it where it is the declared one; nothing stays of one that is refused.
   * The same one may come again.
   * @throws {ProtocolError} ATTACHMENT_UNDECLARED, ATTACHMENT_MISMATCH
   */
  receive(
    document: RequestDocument,
    sha256: string,
    bodyInto: (sink: NodeJS.WritableStream) => Promise<void>,
  ): Promise<void>;
  /** Declared attachments that have not arrived. */
  missing(document: RequestDocument): Promise<readonly Attachment[]>;
  /** Where an attachment lies; only once it has arrived. @throws {ProtocolError} ATTACHMENT_UNDECLARED */
  path(document: RequestDocument, sha256: string): string;
  /** Whether an attachment has arrived. @throws {ProtocolError} ATTACHMENT_UNDECLARED */
  has(document: RequestDocument, sha256: string): boolean;
  /** Removes everything that came with a request. */
  remove(document: RequestDocument): Promise<void>;
}

export function createAttachmentStore(directory: string): AttachmentStore {
  const path = (document: RequestDocument, sha256: string): string =>
    join(directory, requestId(document), declared(document, sha256).sha256);
  return {
    path,
    receive: async (document, sha256, bodyInto) => {
      const { bytes } = declared(document, sha256);
      const target = path(document, sha256);
      await mkdir(join(directory, requestId(document)), { recursive: true, mode: 0o700 });
      const incoming = `${target}.${randomUUID()}${INCOMING}`;
      const hash = createHash('sha256');
      const mismatch = (part: string): ProtocolError => new ProtocolError('ATTACHMENT_MISMATCH', { part });
      const sink = boundedFile(
        incoming,
        bytes,
        () => mismatch('size'),
        (part) => hash.update(part),
      );
      try {
        await bodyInto(sink);
        if ((await stat(incoming)).size !== bytes) throw mismatch('size');
        if (hash.digest('hex') !== sha256) throw mismatch('digest');
        await rename(incoming, target);
      } finally {
        await closed(sink);
        await rm(incoming, { force: true });
      }
    },
    has: (document, sha256) => existsSync(path(document, sha256)),
    remove: (document) => rm(join(directory, requestId(document)), { recursive: true, force: true }),
    missing: async (document) => document.attachments.filter(({ sha256 }) => !existsSync(path(document, sha256))),
  };
}

function declared(document: RequestDocument, sha256: string): Attachment {
  const found = document.attachments.find((attachment) => attachment.sha256 === sha256);
  if (found === undefined) throw new ProtocolError('ATTACHMENT_UNDECLARED', { sha256 });
  return found;
}
