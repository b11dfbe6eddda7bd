/** Services of the catalogue and of the base register: what is offered, and the register's material for those who may have it. */
import { randomBytes } from 'node:crypto';
import { isShared } from '@sealedger/protocol/dataset.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { sealBox } from '@sealedger/protocol/sealed-box.ts';
import { datasetMetadata } from '../catalogue/dataset.ts';
import { boxPurposes } from '../match/register-store.ts';
import { registerMetadata } from '../match/registrar.ts';
import type { NodeParts } from './parts.ts';

export function registerServices(parts: NodeParts) {
  const { config, own, members } = parts;
  const material = async (id: string) => {
    if (own.registrar === undefined) throw new ProtocolError('REGISTER_UNKNOWN', { register: id });
    return own.registrar.material(id);
  };
  const boxed = async (caller: string, message: Uint8Array, purpose: string): Promise<Uint8Array> => {
    const receiver = await members.activeMember(caller);
    return sealBox({
      message,
      receiverPublicKey: receiver.x25519,
      context: { domain: domains.registerKey, sender: config.org, receiver: caller, purpose },
      ephemeralSecret: new Uint8Array(randomBytes(32)),
    });
  };
  return {
    datasets: async () => [
      ...own.datasets
        .filter(({ config: dataset }) => isShared(dataset))
        .map(({ config: dataset, published }) => ({
          id: published.id,
          rows: published.rows,
          metadata: datasetMetadata(config.org, dataset, published.version),
        })),
      ...(own.registrar === undefined
        ? []
        : [
            {
              id: own.registrar.published.id,
              rows: own.registrar.published.rows,
              metadata: registerMetadata(config.org, own.registrar.published.name, own.registrar.published.version),
            },
          ]),
    ],
    registerKey: async (caller: string, id: string) => boxed(caller, (await material(id)).key, boxPurposes.key),
    registerTags: async (id: string) => (await material(id)).tags,
    registerSubjects: async (caller: string, id: string) =>
      boxed(caller, (await material(id)).identifiers, boxPurposes.identifiers),
  };
}
