/**
 * What a bank's or a regulator's program imports: `import { openBank } from '@sealedger/sdk'`.
 *
 * Runs in Node and in a browser; files, clock, randomness and transport come in through {@link BankPorts}.
 */
export { type DatasetListing, type DatasetMetadata, datasetListingSchema } from '@sealedger/protocol/dataset.ts';
export { type ErrorDetails, isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
export type { Bundle, BundleSubject } from '@sealedger/protocol/evidence/bundle.ts';
export { bundleText, MAX_BUNDLE_BYTES, parseBundle } from '@sealedger/protocol/evidence/bundle-file.ts';
export { mergeBundles } from '@sealedger/protocol/evidence/merge.ts';
export { parseTrust, type Trust, trustOfDeployment } from '@sealedger/protocol/evidence/trust.ts';
export { withholdInBundle } from '@sealedger/protocol/evidence/withhold.ts';
export {
  type IdentifierKind,
  identifierKind,
  parseIdentifier,
  type SubjectId,
} from '@sealedger/protocol/identifier.ts';
export { type Deployment, parseDeployment } from '@sealedger/protocol/ledger/deployment.ts';
export { createJsonRpc, type Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
export { type ErrorCode, type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
export { type Model, type ModelFeature, parseModel } from '@sealedger/protocol/model.ts';
export { type LegalBasisCode, legalBases, type PurposeCode, purposes } from '@sealedger/protocol/purposes.ts';
export type { RequestDocument } from '@sealedger/protocol/request.ts';
export { Archive } from './audit/archive.ts';
export { type AuditQuery, findRelease, findRequests } from './audit/find.ts';
export { type Finding, type FindingCode, findingText } from './audit/findings.ts';
export { type AuditContext, type AuditView, lookOnce } from './audit/look.ts';
export { type AuditBounds, type AuditPorts, type AuditStore, DEFAULT_BOUNDS } from './audit/ports.ts';
export { type AuditReport, reportOf } from './audit/report.ts';
export { reportCsv } from './audit/report-csv.ts';
export { reportHtml } from './audit/report-html.ts';
export { reportText } from './audit/report-text.ts';
export { type AuditedRequest, rebuildRequests } from './audit/requests.ts';
export { type LogInput, type LogVerification, verifyLog } from './audit/verify-log.ts';
export { type Bank, type BankOptions, openBank } from './bank.ts';
export {
  type CatalogueContext,
  type CatalogueFault,
  type CatalogueSearch,
  type Catalogues,
  openCatalogues,
  searchCatalogues,
} from './catalogue.ts';
export { type CertifiedModelReport, type Certifier, type CertifierOptions, openCertifier } from './certificates.ts';
export { certifierLedger } from './certifier-ledger.ts';
export {
  type CollectedEvidence,
  collectEvidence,
  collectWholeEvidence,
  type EvidenceSource,
  partiesOf,
} from './collect-evidence.ts';
export type { ComputeProgress } from './compute.ts';
export type { ConsentBook, ConsentInput } from './consent.ts';
export { beginConsentAudit, type ConsentAuditParts, finishConsentAudit } from './consent-audit.ts';
export { parseConsentTable } from './consent-csv.ts';
export { type ConsentReport, consentReportText } from './consent-report.ts';
export type { Consents } from './consents.ts';
export {
  type HistoryEntry,
  type MembersContext,
  type Membership,
  type MemberView,
  openMembers,
  type ProposalInput,
  type ProposalOutcome,
  type ProposalView,
} from './members.ts';
export type { BankPorts, BankStore } from './ports.ts';
export { type QualityContext, qualityHistory, type VerifiedQuality } from './quality.ts';
export { parseReleaseOpening, type ReleaseOpening } from './release-opening.ts';
export {
  type GrantReport,
  grantHolds,
  type PartyStatus,
  type RequestOverview,
  type Waiting,
} from './request-status.ts';
export { type MemberRotation, type RotatedMember, rotateMemberKeys } from './rotation.ts';
export type { OpenedScore, UnlockOptions } from './scores.ts';
export type { AttachmentInput, BankRequest, RequestInput } from './stored-request.ts';
export {
  type Claim,
  type ClaimCode,
  type ClaimStatus,
  claimText,
  type Verdict,
  type WhyCode,
  whyText,
} from './verify/claims.ts';
export { askChain } from './verify/later-claims.ts';
export type { LastState } from './verify/log-claims.ts';
export type { RequestPhase } from './verify/request-life.ts';
export { type Summary, summarise } from './verify/summary.ts';
export { type Verification, type VerifyOptions, verifyBundle, verifyBundleText } from './verify/verify-bundle.ts';
