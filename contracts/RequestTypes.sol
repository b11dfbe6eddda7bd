// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Types, events and errors of {Requests}
abstract contract RequestTypes {
    /// @notice Where a request stands.
    enum State {
        None,
        Submitted,
        Active,
        Rejected,
        Revoked,
        Withdrawn,
        Completed,
        Expired,
        Suspended,
        Superseded
    }

    /// @notice What an organisation decided.
    enum Verdict {
        None,
        Approved,
        Rejected
    }

    /// @notice What a bank asks for.
    /// @param requestDigest digest of the signed request; it is the id here.
    /// @param purpose purpose code.
    /// @param modelDigest digest of the sealed model.
    /// @param datasetVersions versions whose features enter, in the order of the request.
    /// @param registerVersion version of the base register.
    /// @param gates organisations that meter the unlocking.
    /// @param quota number of unlockings that each gate may serve, over all attempts.
    /// @param expiresAt Unix seconds from which nothing is granted any more.
    /// @param singleDepartment the sum is one department's part, which that department agrees to by approving.
    /// @param qualityFloor score, in basis points, that every dataset version must have when an attempt opens; zero for none.
    /// @param previous request of the same requester that this one amends or renews, and takes the place of once it is active;
    /// zero for none.
    struct Terms {
        bytes32 requestDigest;
        bytes32 purpose;
        bytes32 modelDigest;
        bytes32[] datasetVersions;
        bytes32 registerVersion;
        bytes32[] gates;
        uint64 quota;
        uint64 expiresAt;
        bool singleDepartment;
        uint16 qualityFloor;
        bytes32 previous;
    }

    /// @notice A decision.
    /// @param decidedAt Unix seconds of the block; zero while undecided.
    /// @param reasonHash commitment to the reason.
    /// @param grantHash digest of the signed grant; zero where there is none.
    struct Decision {
        Verdict verdict;
        uint64 decidedAt;
        bytes32 reasonHash;
        bytes32 grantHash;
    }

    /// @notice What a gate recorded.
    /// @param poprfPublicKey epoch key of the gate for this request; zero until it is published.
    /// @param unlocks unlockings metered so far.
    struct GateRecord {
        bytes32 poprfPublicKey;
        uint64 unlocks;
    }

    /// @notice Everything that a node needs to know of a request.
    /// @param decisions aligned with `deciders`.
    /// @param departments number of participants, from the first, that own one of the datasets.
    /// @param gateRecords aligned with `terms.gates`.
    /// @param suspenders organisations whose suspension stands.
    struct Summary {
        bytes32 requester;
        State state;
        uint64 submittedAt;
        uint64 activatedAt;
        uint32 attempt;
        uint32 departments;
        Terms terms;
        bytes32[] deciders;
        Decision[] decisions;
        bytes32[] participants;
        GateRecord[] gateRecords;
        bytes32[] suspenders;
    }

    event RequestSubmitted(
        bytes32 indexed id,
        bytes32 indexed requester,
        bytes32 purpose,
        bytes32 modelDigest,
        bytes32[] datasetVersions,
        bytes32 registerVersion,
        bytes32[] gates,
        uint64 quota,
        uint64 expiresAt,
        bool singleDepartment,
        uint16 qualityFloor,
        bytes32 previous
    );
    event RequestDecided(
        bytes32 indexed id, bytes32 indexed org, bool approved, bytes32 reasonHash, bytes32 grantHash
    );
    event GateKeyPublished(bytes32 indexed id, bytes32 indexed gate, bytes32 poprfPublicKey);
    event RequestActivated(bytes32 indexed id);
    event RequestRejected(bytes32 indexed id, bytes32 indexed org);
    event RequestWithdrawn(bytes32 indexed id);
    event RequestRevoked(bytes32 indexed id, bytes32 indexed org, bytes32 reasonHash);
    event RequestSuspended(bytes32 indexed id, bytes32 indexed org, bytes32 reasonHash);
    event RequestResumed(bytes32 indexed id, bytes32 indexed org);
    event RequestSuperseded(bytes32 indexed id, bytes32 indexed by);
    event RequestCompleted(bytes32 indexed id);
    event RequestExpired(bytes32 indexed id);
    event AttemptOpened(bytes32 indexed id, uint32 attempt);
    event UnlocksRecorded(bytes32 indexed id, bytes32 indexed gate, uint64 total);

    error RequestsZeroDigest();
    error RequestsAlreadySubmitted(bytes32 id);
    error RequestsUnknownRequest(bytes32 id);
    error RequestsRoleMissing(bytes32 org, uint8 role);
    error RequestsOrganisationNotActive(bytes32 org);
    error RequestsNoDataset();
    error RequestsTooManyDatasets(uint256 count, uint256 max);
    error RequestsDuplicateDataset(bytes32 datasetVersion);
    error RequestsDatasetNotPublished(bytes32 datasetVersion);
    error RequestsNoGate();
    error RequestsDuplicateGate(bytes32 gate);
    error RequestsRequesterTakesPart(bytes32 org);
    error RequestsTooManyParticipants(uint256 count, uint256 max);
    error RequestsQuotaOutOfRange(uint64 quota, uint64 max);
    error RequestsExpiryOutOfRange(uint64 expiresAt, uint64 earliest, uint64 latest);
    error RequestsQualityFloorOutOfRange(uint16 qualityFloor, uint16 max);
    error RequestsQualityMissing(bytes32 id, bytes32 datasetVersion);
    error RequestsQualityBelowFloor(bytes32 id, bytes32 datasetVersion, uint16 floor, uint16 score);
    error RequestsTooFewDepartments(uint256 departments);
    error RequestsNotSingleDepartment(uint256 departments);
    error RequestsWrongState(bytes32 id, State state);
    error RequestsNotRequester(bytes32 id, bytes32 org);
    error RequestsNotDecider(bytes32 id, bytes32 org);
    error RequestsNotGate(bytes32 id, bytes32 org);
    error RequestsMayNotRevoke(bytes32 id, bytes32 org);
    error RequestsMayNotSuspend(bytes32 id, bytes32 org);
    error RequestsAlreadySuspended(bytes32 id, bytes32 org);
    error RequestsNotSuspender(bytes32 id, bytes32 org);
    error RequestsPreviousNotUsable(bytes32 previous, State state);
    error RequestsPreviousOfAnother(bytes32 previous, bytes32 org);
    error RequestsAlreadyDecided(bytes32 id, bytes32 org);
    error RequestsGrantMissing(bytes32 id, bytes32 org);
    error RequestsGrantWithoutApproval(bytes32 id, bytes32 org);
    error RequestsZeroGateKey();
    error RequestsGateKeyPublished(bytes32 id, bytes32 gate);
    error RequestsAttemptOutOfOrder(bytes32 id, uint32 expected, uint32 given);
    error RequestsUnlocksNotGrowing(bytes32 id, uint64 recorded, uint64 given);
    error RequestsOverQuota(bytes32 id, uint64 quota, uint64 given);
    error RequestsNotYetExpired(bytes32 id, uint64 expiresAt);
}
