// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {RequestTypes} from "./RequestTypes.sol";

/// @title What {Requests} keeps of each request, and how it is read
abstract contract RequestStore is RequestTypes {
    using EnumerableSet for EnumerableSet.Bytes32Set;

    /// @dev `pending` counts the decisions and gate keys that are outstanding. Of an amendment, `origin` is the first request
    /// of its line and `base` the version of that line that was activated last when it was submitted; zero for none.
    struct Record {
        bytes32 requester;
        State state;
        uint32 attempt;
        uint32 pending;
        uint32 departments;
        uint64 submittedAt;
        uint64 activatedAt;
        Terms terms;
        EnumerableSet.Bytes32Set deciders;
        EnumerableSet.Bytes32Set gates;
        EnumerableSet.Bytes32Set participants;
        EnumerableSet.Bytes32Set suspenders;
        bytes32 origin;
        bytes32 base;
    }

    mapping(bytes32 id => Record) internal _records;
    mapping(bytes32 id => mapping(bytes32 org => Decision)) internal _decisions;
    mapping(bytes32 id => mapping(bytes32 gate => GateRecord)) internal _gateRecords;

    /// @dev Version of a line of amendments that was activated last; zero while that is its first request, or none.
    mapping(bytes32 origin => bytes32 id) internal _latest;

    /// @notice State of a request now: one whose time is over is expired whether or not anyone recorded it, and one that waits
    /// is superseded as soon as another version of its line was activated.
    /// @param id request.
    /// @return the state.
    function stateOf(bytes32 id) public view returns (State) {
        Record storage record = _records[id];
        State state = record.state;
        if (_isOpen(state) && block.timestamp >= record.terms.expiresAt) return State.Expired;
        if (state == State.Submitted && _latestOf(_originOf(id)) != record.base) return State.Superseded;
        return state;
    }

    /// @notice Everything about a request in one call.
    /// @param id request.
    /// @return summary terms, state, decisions, participants and gates; state None where it is unknown.
    function summaryOf(bytes32 id) external view returns (Summary memory summary) {
        Record storage record = _records[id];
        summary.requester = record.requester;
        summary.state = stateOf(id);
        summary.submittedAt = record.submittedAt;
        summary.activatedAt = record.activatedAt;
        summary.attempt = record.attempt;
        summary.departments = record.departments;
        summary.terms = record.terms;
        summary.deciders = record.deciders.values();
        summary.participants = record.participants.values();
        summary.decisions = new Decision[](summary.deciders.length);
        for (uint256 i = 0; i < summary.deciders.length; i++) {
            summary.decisions[i] = _decisions[id][summary.deciders[i]];
        }
        summary.gateRecords = new GateRecord[](summary.terms.gates.length);
        for (uint256 i = 0; i < summary.terms.gates.length; i++) {
            summary.gateRecords[i] = _gateRecords[id][summary.terms.gates[i]];
        }
        summary.suspenders = record.suspenders.values();
    }

    /// @notice Terms of a request.
    /// @param id request.
    /// @return the terms as submitted.
    function termsOf(bytes32 id) external view returns (Terms memory) {
        return _records[id].terms;
    }

    /// @notice Organisations that decide.
    /// @param id request.
    /// @return their ids.
    function decidersOf(bytes32 id) external view returns (bytes32[] memory) {
        return _records[id].deciders.values();
    }

    /// @notice Organisations that take part in the computation.
    /// @param id request.
    /// @return their ids.
    function participantsOf(bytes32 id) external view returns (bytes32[] memory) {
        return _records[id].participants.values();
    }

    /// @notice Decision of an owner; verdict None while it is outstanding.
    /// @param id request.
    /// @param org owner.
    /// @return the decision.
    function decisionOf(bytes32 id, bytes32 org) external view returns (Decision memory) {
        return _decisions[id][org];
    }

    /// @notice Epoch key of a gate; zero until it is published.
    /// @param id request.
    /// @param gate gate.
    /// @return the key.
    function gateKey(bytes32 id, bytes32 gate) external view returns (bytes32) {
        return _gateRecords[id][gate].poprfPublicKey;
    }

    /// @notice Latest attempt; zero before the first.
    /// @param id request.
    /// @return its number.
    function attemptOf(bytes32 id) external view returns (uint32) {
        return _records[id].attempt;
    }

    /// @notice Unlockings that a gate recorded.
    /// @param id request.
    /// @param gate gate.
    /// @return their number.
    function unlocks(bytes32 id, bytes32 gate) external view returns (uint64) {
        return _gateRecords[id][gate].unlocks;
    }

    /// @notice What {Evidence} needs to know of an organisation's part in a request.
    /// @param id request.
    /// @param org organisation.
    /// @return releases whether it is the requester or a gate of a request that was activated.
    /// @return quota quota of the request.
    function releaseRight(bytes32 id, bytes32 org) external view returns (bool releases, uint64 quota) {
        Record storage record = _records[id];
        releases = record.activatedAt != 0 && (record.requester == org || record.gates.contains(org));
        return (releases, record.terms.quota);
    }

    function _originOf(bytes32 id) internal view returns (bytes32 origin) {
        origin = _records[id].origin;
        if (origin == 0) origin = id;
    }

    /// @dev Version of a line that was activated last; zero for none.
    function _latestOf(bytes32 origin) internal view returns (bytes32 id) {
        id = _latest[origin];
        if (id == 0 && _records[origin].activatedAt != 0) id = origin;
    }

    function _isOpen(State state) internal pure returns (bool) {
        return state == State.Submitted || state == State.Active || state == State.Suspended;
    }
}
