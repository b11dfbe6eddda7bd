// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {Catalogue} from "./Catalogue.sol";
import {Consortium} from "./Consortium.sol";
import {OrganisationRegister} from "./OrganisationRegister.sol";
import {RequestStore} from "./RequestStore.sol";

/// @title Requests
/// @notice Life of a request: submitted, decided by each owner, active once all approved and all gates published their key,
/// suspended and resumed, then completed, superseded by an amendment, revoked or expired.
/// @dev Deciders are the distinct owners of the datasets and of the register version; participants of a computation are the
/// distinct owners of the datasets and the gates.
contract Requests is RequestStore {
    using EnumerableSet for EnumerableSet.Bytes32Set;

    /// @notice Bounds. Participants: the noise of a sum of sealed tables is tested up to 32. Quota and term: numbers that
    /// every reader holds exactly, and no grant for ever.
    uint256 public constant MAX_PARTICIPANTS = 32;
    uint256 public constant MAX_DATASETS = 128;
    uint64 public constant MAX_QUOTA = 1 << 40;
    uint64 public constant MAX_TERM = 1830 days;

    /// @notice Consortium whose members act here.
    Consortium public immutable consortium;

    /// @notice Catalogue whose versions are asked for.
    Catalogue public immutable catalogue;

    uint8 private immutable _bank;
    uint8 private immutable _department;
    uint8 private immutable _registrar;
    uint8 private immutable _gate;
    uint8 private immutable _regulator;
    uint16 private immutable _maxScore;

    /// @param catalogue_ catalogue; its consortium is the consortium here.
    constructor(Catalogue catalogue_) {
        catalogue = catalogue_;
        consortium = catalogue_.consortium();
        _bank = consortium.BANK();
        _department = consortium.DEPARTMENT();
        _registrar = consortium.REGISTRAR();
        _gate = consortium.GATE();
        _regulator = consortium.REGULATOR();
        _maxScore = catalogue_.MAX_SCORE();
    }

    /// @notice Submits a request; the caller must be a bank.
    /// @param terms what is asked for.
    function submit(Terms calldata terms) external {
        (bytes32 requester, uint8 roles) = consortium.requireActive(msg.sender);
        if (roles & _bank == 0) revert RequestsRoleMissing(requester, _bank);
        bytes32 id = terms.requestDigest;
        if (id == 0 || terms.modelDigest == 0) revert RequestsZeroDigest();
        Record storage record = _records[id];
        if (record.state != State.None) revert RequestsAlreadySubmitted(id);
        _checkLimits(terms);
        if (terms.previous != 0) _followPrevious(record, terms.previous, requester);
        record.requester = requester;
        record.state = State.Submitted;
        record.submittedAt = uint64(block.timestamp);
        record.terms = terms;
        _addDatasets(record, terms);
        _addRegister(record, terms.registerVersion);
        _addGates(record, terms.gates);
        uint256 participantCount = record.participants.length();
        if (participantCount > MAX_PARTICIPANTS) revert RequestsTooManyParticipants(participantCount, MAX_PARTICIPANTS);
        record.pending = uint32(record.deciders.length() + record.gates.length());
        _emitSubmitted(requester, terms);
    }

    /// @notice Decides as one of the owners, once.
    /// @param id request.
    /// @param approved whether the owner agrees; one rejection rejects the request.
    /// @param reasonHash commitment to the reason.
    /// @param grantHash digest of the signed grant; given with an approval, and only then.
    function decide(bytes32 id, bool approved, bytes32 reasonHash, bytes32 grantHash) external {
        bytes32 org = _caller();
        Record storage record = _requireState(id, State.Submitted);
        if (!record.deciders.contains(org)) revert RequestsNotDecider(id, org);
        if (_decisions[id][org].verdict != Verdict.None) revert RequestsAlreadyDecided(id, org);
        if (approved && grantHash == 0) revert RequestsGrantMissing(id, org);
        if (!approved && grantHash != 0) revert RequestsGrantWithoutApproval(id, org);
        Verdict verdict = approved ? Verdict.Approved : Verdict.Rejected;
        _decisions[id][org] = Decision(verdict, uint64(block.timestamp), reasonHash, grantHash);
        emit RequestDecided(id, org, approved, reasonHash, grantHash);
        if (approved) {
            _settle(id, record);
        } else {
            record.state = State.Rejected;
            emit RequestRejected(id, org);
        }
    }

    /// @notice Publishes the caller's epoch key for a request, once.
    /// @param id request.
    /// @param poprfPublicKey encoded ristretto255 element (RFC 9496).
    function publishGateKey(bytes32 id, bytes32 poprfPublicKey) external {
        bytes32 org = _caller();
        Record storage record = _requireState(id, State.Submitted);
        if (!record.gates.contains(org)) revert RequestsNotGate(id, org);
        if (poprfPublicKey == 0) revert RequestsZeroGateKey();
        if (_gateRecords[id][org].poprfPublicKey != 0) revert RequestsGateKeyPublished(id, org);
        _gateRecords[id][org].poprfPublicKey = poprfPublicKey;
        emit GateKeyPublished(id, org, poprfPublicKey);
        _settle(id, record);
    }

    /// @notice Opens the next attempt at the computation; all participants must be active, all versions still offered and,
    /// where the request sets a floor, none of the datasets measured below it.
    /// @param id request.
    /// @param attempt latest attempt plus one, so that a call sent twice opens one attempt.
    function openAttempt(bytes32 id, uint32 attempt) external {
        Record storage record = _requireState(id, State.Active);
        _requireRequester(id, record);
        if (attempt != record.attempt + 1) revert RequestsAttemptOutOfOrder(id, record.attempt + 1, attempt);
        uint256 count = record.participants.length();
        for (uint256 i = 0; i < count; i++) _rolesOfActive(record.participants.at(i));
        _checkVersions(id, record.terms);
        record.attempt = attempt;
        emit AttemptOpened(id, attempt);
    }

    /// @notice Records how many unlockings the calling gate has metered; also after the end, since the chain may have been away.
    /// @param id request.
    /// @param total unlockings since the request became active; larger than before, at most the quota.
    function recordUnlocks(bytes32 id, uint64 total) external {
        bytes32 org = _caller();
        Record storage record = _requireKnown(id);
        if (!record.gates.contains(org)) revert RequestsNotGate(id, org);
        if (record.activatedAt == 0) revert RequestsWrongState(id, stateOf(id));
        GateRecord storage gate = _gateRecords[id][org];
        if (total <= gate.unlocks) revert RequestsUnlocksNotGrowing(id, gate.unlocks, total);
        if (total > record.terms.quota) revert RequestsOverQuota(id, record.terms.quota, total);
        gate.unlocks = total;
        emit UnlocksRecorded(id, org, total);
    }

    /// @notice Ends a request that is active or suspended, by its requester.
    /// @param id request.
    function complete(bytes32 id) external {
        Record storage record = _requireRunning(id);
        _requireRequester(id, record);
        record.state = State.Completed;
        emit RequestCompleted(id);
    }

    /// @notice Takes a request back before it is active, by its requester.
    /// @param id request.
    function withdraw(bytes32 id) external {
        Record storage record = _requireState(id, State.Submitted);
        _requireRequester(id, record);
        record.state = State.Withdrawn;
        emit RequestWithdrawn(id);
    }

    /// @notice Halts an active request until this organisation resumes it: no attempt opens, and nothing is unlocked. A
    /// decider, a gate or a regulator may, each once, whether or not another did before.
    /// @param id request.
    /// @param reasonHash commitment to the reason.
    function suspend(bytes32 id, bytes32 reasonHash) external {
        Record storage record = _requireRunning(id);
        (bytes32 org, bool concerned) = _concerned(record);
        if (!concerned) revert RequestsMayNotSuspend(id, org);
        if (!record.suspenders.add(org)) revert RequestsAlreadySuspended(id, org);
        record.state = State.Suspended;
        emit RequestSuspended(id, org, reasonHash);
    }

    /// @notice Takes the caller's suspension back; the request is active again once nobody's stands.
    /// @param id request.
    function resume(bytes32 id) external {
        bytes32 org = _caller();
        Record storage record = _requireState(id, State.Suspended);
        if (!record.suspenders.remove(org)) revert RequestsNotSuspender(id, org);
        if (record.suspenders.length() == 0) record.state = State.Active;
        emit RequestResumed(id, org);
    }

    /// @notice Revokes a request that is submitted, active or suspended, by a decider, a gate or a regulator.
    /// @param id request.
    /// @param reasonHash commitment to the reason.
    function revoke(bytes32 id, bytes32 reasonHash) external {
        Record storage record = _requireOpen(id);
        (bytes32 org, bool concerned) = _concerned(record);
        if (!concerned) revert RequestsMayNotRevoke(id, org);
        record.state = State.Revoked;
        emit RequestRevoked(id, org, reasonHash);
    }

    /// @notice Records that the time of a request is over; anyone may.
    /// @param id request.
    function expire(bytes32 id) external {
        Record storage record = _requireKnown(id);
        if (!_isOpen(record.state)) revert RequestsWrongState(id, record.state);
        uint64 expiresAt = record.terms.expiresAt;
        if (block.timestamp < expiresAt) revert RequestsNotYetExpired(id, expiresAt);
        record.state = State.Expired;
        emit RequestExpired(id);
    }

    function _settle(bytes32 id, Record storage record) private {
        record.pending -= 1;
        if (record.pending != 0) return;
        record.state = State.Active;
        record.activatedAt = uint64(block.timestamp);
        emit RequestActivated(id);
        bytes32 previous = record.terms.previous;
        if (previous == 0) return;
        _supersede(previous, id);
        if (record.base != previous) _supersede(record.base, id);
        _latest[record.origin] = id;
    }

    function _supersede(bytes32 id, bytes32 by) private {
        if (!_isOpen(stateOf(id))) return;
        _records[id].state = State.Superseded;
        emit RequestSuperseded(id, by);
    }

    function _addDatasets(Record storage record, Terms calldata terms) private {
        bytes32[] calldata versions = terms.datasetVersions;
        for (uint256 i = 0; i < versions.length; i++) {
            for (uint256 j = 0; j < i; j++) {
                if (versions[i] == versions[j]) revert RequestsDuplicateDataset(versions[i]);
            }
            bytes32 owner = _ownerInRole(versions[i], _department, record.requester);
            record.deciders.add(owner);
            record.participants.add(owner);
        }
        uint256 departments = record.participants.length();
        record.departments = uint32(departments);
        if (departments < 2 && !terms.singleDepartment) revert RequestsTooFewDepartments(departments);
        if (departments > 1 && terms.singleDepartment) revert RequestsNotSingleDepartment(departments);
    }

    function _addRegister(Record storage record, bytes32 registerVersion) private {
        record.deciders.add(_ownerInRole(registerVersion, _registrar, record.requester));
    }

    function _addGates(Record storage record, bytes32[] calldata gates) private {
        for (uint256 i = 0; i < gates.length; i++) {
            if (gates[i] == record.requester) revert RequestsRequesterTakesPart(gates[i]);
            if (_rolesOfActive(gates[i]) & _gate == 0) revert RequestsRoleMissing(gates[i], _gate);
            if (!record.gates.add(gates[i])) revert RequestsDuplicateGate(gates[i]);
            record.participants.add(gates[i]);
        }
    }

    function _checkLimits(Terms calldata terms) private view {
        uint256 datasets = terms.datasetVersions.length;
        if (datasets == 0) revert RequestsNoDataset();
        if (datasets > MAX_DATASETS) revert RequestsTooManyDatasets(datasets, MAX_DATASETS);
        if (terms.gates.length == 0) revert RequestsNoGate();
        // before the gates are looked up one by one
        if (terms.gates.length > MAX_PARTICIPANTS) {
            revert RequestsTooManyParticipants(terms.gates.length, MAX_PARTICIPANTS);
        }
        if (terms.qualityFloor > _maxScore) revert RequestsQualityFloorOutOfRange(terms.qualityFloor, _maxScore);
        if (terms.quota == 0 || terms.quota > MAX_QUOTA) revert RequestsQuotaOutOfRange(terms.quota, MAX_QUOTA);
        uint64 earliest = uint64(block.timestamp) + 1;
        uint64 latest = uint64(block.timestamp) + MAX_TERM;
        if (terms.expiresAt < earliest || terms.expiresAt > latest) {
            revert RequestsExpiryOutOfRange(terms.expiresAt, earliest, latest);
        }
    }

    /// @dev What was refused or revoked is not amended: the owners would be asked for the same again as if it were a detail.
    /// What another version took the place of is not either, so that one version of a line runs at most.
    function _followPrevious(Record storage record, bytes32 previous, bytes32 requester) private {
        State state = stateOf(previous);
        bytes32 origin = _originOf(previous);
        bytes32 latest = _latestOf(origin);
        bool replaced = state == State.Superseded || (_records[previous].activatedAt != 0 && latest != previous);
        if (state == State.None || state == State.Rejected || state == State.Revoked || replaced) {
            revert RequestsPreviousNotUsable(previous, replaced ? State.Superseded : state);
        }
        if (_records[previous].requester != requester) revert RequestsPreviousOfAnother(previous, requester);
        record.origin = origin;
        record.base = latest;
    }

    /// @return org the caller, an active member.
    /// @return concerned whether it decides on the request, is its gate or is a regulator.
    function _concerned(Record storage record) private view returns (bytes32 org, bool concerned) {
        uint8 roles;
        (org, roles) = consortium.requireActive(msg.sender);
        concerned = roles & _regulator != 0 || record.deciders.contains(org) || record.gates.contains(org);
    }

    function _ownerInRole(bytes32 version, uint8 role, bytes32 requester) private view returns (bytes32 owner) {
        owner = _requirePublished(version);
        if (owner == requester) revert RequestsRequesterTakesPart(owner);
        if (_rolesOfActive(owner) & role == 0) revert RequestsRoleMissing(owner, role);
    }

    function _checkVersions(bytes32 id, Terms storage terms) private view {
        uint16 floor = terms.qualityFloor;
        uint256 count = terms.datasetVersions.length;
        for (uint256 i = 0; i < count; i++) {
            bytes32 version = terms.datasetVersions[i];
            _requirePublished(version);
            if (floor == 0) continue;
            (uint32 round, uint16 score) = catalogue.scoreOf(version);
            if (round == 0) revert RequestsQualityMissing(id, version);
            if (score < floor) revert RequestsQualityBelowFloor(id, version, floor, score);
        }
        _requirePublished(terms.registerVersion);
    }

    function _requirePublished(bytes32 version) private view returns (bytes32 owner) {
        Catalogue.VersionState state;
        (owner, state) = catalogue.ownerAndState(version);
        if (state != Catalogue.VersionState.Published) revert RequestsDatasetNotPublished(version);
    }

    function _rolesOfActive(bytes32 org) private view returns (uint8 roles) {
        OrganisationRegister.Status status;
        (status, roles) = consortium.standing(org);
        if (status != OrganisationRegister.Status.Active) revert RequestsOrganisationNotActive(org);
    }

    function _caller() private view returns (bytes32 org) {
        (org,) = consortium.requireActive(msg.sender);
    }

    function _requireRequester(bytes32 id, Record storage record) private view {
        bytes32 org = _caller();
        if (record.requester != org) revert RequestsNotRequester(id, org);
    }

    function _requireKnown(bytes32 id) private view returns (Record storage record) {
        record = _records[id];
        if (record.state == State.None) revert RequestsUnknownRequest(id);
    }

    function _requireState(bytes32 id, State wanted) private view returns (Record storage record) {
        record = _requireKnown(id);
        State state = stateOf(id);
        if (state != wanted) revert RequestsWrongState(id, state);
    }

    function _requireOpen(bytes32 id) private view returns (Record storage record) {
        record = _requireKnown(id);
        State state = stateOf(id);
        if (!_isOpen(state)) revert RequestsWrongState(id, state);
    }

    /// @dev Active or suspended.
    function _requireRunning(bytes32 id) private view returns (Record storage record) {
        record = _requireKnown(id);
        State state = stateOf(id);
        if (state != State.Active && state != State.Suspended) revert RequestsWrongState(id, state);
    }

    function _emitSubmitted(bytes32 requester, Terms calldata terms) private {
        emit RequestSubmitted(
            terms.requestDigest,
            requester,
            terms.purpose,
            terms.modelDigest,
            terms.datasetVersions,
            terms.registerVersion,
            terms.gates,
            terms.quota,
            terms.expiresAt,
            terms.singleDepartment,
            terms.qualityFloor,
            terms.previous
        );
    }
}
