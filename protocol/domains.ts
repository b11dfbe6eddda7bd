/**
 * Every domain-separation tag and format version of Sealedger, in one list; nothing else may invent one.
 * A tag is hashed or signed in front of what it separates, so that no object of one kind passes as another.
 */
export const SUITE = 'sealedger-v1/ed25519-sha256-ristretto255';

export const domains = {
  envelope: 'sealedger/v1/envelope',
  announcement: 'sealedger/v1/announcement',
  request: 'sealedger/v1/request',
  featureSheet: 'sealedger/v1/feature-sheet',
  grant: 'sealedger/v1/grant',
  model: 'sealedger/v1/sealed-model',
  computationId: 'sealedger/v1/computation-id',
  datasetVersion: 'sealedger/v1/dataset-version',
  registerVersion: 'sealedger/v1/register-version',
  registerKey: 'sealedger/v1/register-key',
  permutation: 'sealedger/v1/permutation',
  computationKey: 'sealedger/v1/computation-x25519',
  zeroShare: 'sealedger/v1/zero-share',
  ringParameters: 'sealedger/v1/ring-parameters',
  pad: 'sealedger/v1/pad',
  locator: 'sealedger/v1/locator',
  sanitise: 'sealedger/v1/sanitise',
  releaseNoise: 'sealedger/v1/release-noise',
  inputDigest: 'sealedger/v1/input-digest',
  outputDigest: 'sealedger/v1/output-digest',
  seedCommitment: 'sealedger/v1/seed-commitment',
  epochKey: 'sealedger/v1/gate-epoch-key',
  discarded: 'sealedger/v1/discarded-slot',
  unlockRequest: 'sealedger/v1/unlock-request',
  unlockReceipt: 'sealedger/v1/unlock-receipt',
  resultCommitment: 'sealedger/v1/result-commitment',
  event: 'sealedger/v1/event',
  fieldCommitment: 'sealedger/v1/field-commitment',
  fieldSalt: 'sealedger/v1/field-salt',
  checkpoint: 'sealedger/v1/checkpoint',
  statement: 'sealedger/v1/completeness-statement',
  ruleSet: 'sealedger/v1/quality-rule-set',
  rule: 'sealedger/v1/quality-rule',
  qualityReport: 'sealedger/v1/quality-report',
  sampleChoice: 'sealedger/v1/quality-sample',
  rowSalt: 'sealedger/v1/row-salt',
  rowLeaf: 'sealedger/v1/row',
  person: 'sealedger/v1/person',
  pointsRule: 'sealedger/v1/quality-points-rule',
  workOrder: 'sealedger/v1/work-order',
  blockSeal: 'sealedger/v1/block-seal',
  chainJournal: 'sealedger/v1/chain-journal',
  keystore: 'sealedger/v1/keystore',
  modelCertificate: 'sealedger/v1/model-certificate',
} as const;

export type Domain = (typeof domains)[keyof typeof domains];
