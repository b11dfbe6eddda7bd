// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";

/// @title Register of the organisations of a consortium
/// @notice Holds who takes part, in which roles, under which keys; the root of trust for every signature outside the chain.
/// @dev Storage, reads and internal changes only; who may change what is decided by {Consortium}.
abstract contract OrganisationRegister {
    using EnumerableSet for EnumerableSet.Bytes32Set;

    /// @notice Role bits; an organisation may hold several.
    uint8 public constant BANK = 1;
    uint8 public constant DEPARTMENT = 2;
    uint8 public constant REGISTRAR = 4;
    uint8 public constant GATE = 8;
    uint8 public constant REGULATOR = 16;

    uint8 private constant ALL_ROLES = 31;
    uint256 private constant MAX_ENDPOINT_BYTES = 256;

    /// @notice Standing of an organisation; suspended ones keep their entry, so that what they signed stays checkable.
    enum Status {
        None,
        Active,
        Suspended
    }

    /// @notice Keys of an organisation.
    /// @param account chain account (secp256k1) that acts for the organisation.
    /// @param ed25519Key signing key of events and messages (RFC 8032).
    /// @param x25519Key key to which others seal what is for this organisation only (RFC 7748).
    struct Keys {
        address account;
        bytes32 ed25519Key;
        bytes32 x25519Key;
    }

    /// @notice What an organisation is admitted with.
    struct Admission {
        bytes32 id;
        uint8 roles;
        Keys keySet;
        string endpoint;
    }

    /// @notice An organisation as the register holds it.
    /// @param keyEpoch 1 on admission, one more with each change of keys.
    /// @param previousEd25519 signing key of the epoch before, which counts too while `previousUntil` is in the future; zero
    /// where there was no overlap.
    /// @param previousUntil Unix seconds from which the keys of the epoch before count no more; zero for no overlap.
    struct Organisation {
        bytes32 id;
        uint8 roles;
        Status status;
        uint64 keyEpoch;
        Keys keySet;
        string endpoint;
        bytes32 previousEd25519;
        uint64 previousUntil;
    }

    mapping(bytes32 id => Organisation) private _organisations;
    mapping(address account => bytes32 id) private _organisationOf;
    mapping(address account => bool) private _accountUsed;
    mapping(bytes32 key => bool) private _signingKeyUsed;
    EnumerableSet.Bytes32Set private _ids;
    uint256 private _activeCount;

    event OrganisationAdmitted(bytes32 indexed org, uint8 roles, string endpoint);
    event OrganisationSuspended(bytes32 indexed org);
    event OrganisationReinstated(bytes32 indexed org);
    event RolesChanged(bytes32 indexed org, uint8 roles);
    event EndpointChanged(bytes32 indexed org, string endpoint);
    event KeysChanged(
        bytes32 indexed org,
        uint64 keyEpoch,
        bytes32 ed25519Key,
        bytes32 x25519Key,
        address account,
        uint64 previousUntil
    );
    event PreviousKeysRevoked(bytes32 indexed org, uint64 keyEpoch);

    error ConsortiumZeroId();
    error ConsortiumAlreadyAdmitted(bytes32 org);
    error ConsortiumUnknownOrganisation(bytes32 org);
    error ConsortiumUnknownAccount(address account);
    error ConsortiumNotActive(bytes32 org);
    error ConsortiumNotSuspended(bytes32 org);
    error ConsortiumLastActive(bytes32 org);
    error ConsortiumInvalidRoles(uint8 roles);
    error ConsortiumInvalidEndpoint(uint256 length, uint256 max);
    error ConsortiumZeroKey();
    error ConsortiumAccountTaken(address account);
    error ConsortiumSigningKeyTaken(bytes32 ed25519Key);
    error ConsortiumNoPreviousKeys(bytes32 org);

    /// @notice Whole entry of an organisation; status None where it is unknown.
    /// @param id organisation.
    /// @return the entry.
    function organisation(bytes32 id) external view returns (Organisation memory) {
        return _organisations[id];
    }

    /// @notice Organisation for which an account acts now; zero where there is none.
    /// @param account chain account.
    /// @return id of the organisation.
    function organisationOf(address account) external view returns (bytes32) {
        return _organisationOf[account];
    }

    /// @notice Ids of all organisations in the order of their admission, suspended ones included.
    /// @return the ids.
    function organisationIds() external view returns (bytes32[] memory) {
        return _ids.values();
    }

    /// @notice Entries of all organisations in the order of their admission.
    /// @return list the entries.
    function organisations() external view returns (Organisation[] memory list) {
        uint256 count = _ids.length();
        list = new Organisation[](count);
        for (uint256 i = 0; i < count; i++) list[i] = _organisations[_ids.at(i)];
    }

    /// @notice Number of active organisations, which is what a majority is taken of.
    /// @return the number.
    function activeCount() public view returns (uint256) {
        return _activeCount;
    }

    /// @notice Standing and roles, without the strings.
    /// @param id organisation.
    /// @return status standing; None where it is unknown.
    /// @return roles role bits.
    function standing(bytes32 id) public view returns (Status status, uint8 roles) {
        Organisation storage entry = _organisations[id];
        return (entry.status, entry.roles);
    }

    /// @notice Organisation for which an account acts, if that organisation is active; reverts otherwise.
    /// @param account chain account.
    /// @return id organisation.
    /// @return roles its role bits.
    function requireActive(address account) public view returns (bytes32 id, uint8 roles) {
        id = _organisationOf[account];
        if (id == 0) revert ConsortiumUnknownAccount(account);
        Status status;
        (status, roles) = standing(id);
        if (status != Status.Active) revert ConsortiumNotActive(id);
    }

    function _isActive(bytes32 id) internal view returns (bool) {
        return _organisations[id].status == Status.Active;
    }

    function _requireKnown(bytes32 id) internal view {
        if (_organisations[id].status == Status.None) revert ConsortiumUnknownOrganisation(id);
    }

    function _admit(Admission memory admission) internal {
        bytes32 id = admission.id;
        if (id == 0) revert ConsortiumZeroId();
        if (_organisations[id].status != Status.None) revert ConsortiumAlreadyAdmitted(id);
        _checkRoles(admission.roles);
        _checkEndpoint(admission.endpoint);
        Organisation storage entry = _organisations[id];
        entry.id = id;
        entry.roles = admission.roles;
        entry.status = Status.Active;
        entry.endpoint = admission.endpoint;
        _ids.add(id);
        _activeCount += 1;
        emit OrganisationAdmitted(id, admission.roles, admission.endpoint);
        _setKeys(id, admission.keySet, 0);
    }

    function _suspend(bytes32 id) internal {
        _requireKnown(id);
        if (!_isActive(id)) revert ConsortiumNotActive(id);
        if (_activeCount == 1) revert ConsortiumLastActive(id);
        _organisations[id].status = Status.Suspended;
        _activeCount -= 1;
        emit OrganisationSuspended(id);
    }

    function _reinstate(bytes32 id) internal {
        _requireKnown(id);
        if (_isActive(id)) revert ConsortiumNotSuspended(id);
        _organisations[id].status = Status.Active;
        _activeCount += 1;
        emit OrganisationReinstated(id);
    }

    function _setRoles(bytes32 id, uint8 roles) internal {
        _requireKnown(id);
        _checkRoles(roles);
        _organisations[id].roles = roles;
        emit RolesChanged(id, roles);
    }

    function _setEndpoint(bytes32 id, string memory endpoint) internal {
        _checkEndpoint(endpoint);
        _organisations[id].endpoint = endpoint;
        emit EndpointChanged(id, endpoint);
    }

    /// @dev An account or signing key serves one organisation for good: a signature or transaction of the past then never
    /// changes its author, and no organisation passes for another by registering its key. The account before loses its
    /// right in this very transaction; only signatures outside the chain know an overlap.
    /// @param previousUntil Unix seconds until which the signing and sealing keys of the epoch before count; zero for no overlap.
    function _setKeys(bytes32 id, Keys memory keys, uint64 previousUntil) internal {
        if (keys.account == address(0) || keys.ed25519Key == 0 || keys.x25519Key == 0) revert ConsortiumZeroKey();
        Organisation storage entry = _organisations[id];
        if (keys.account != entry.keySet.account) {
            if (_accountUsed[keys.account]) revert ConsortiumAccountTaken(keys.account);
            delete _organisationOf[entry.keySet.account];
            _organisationOf[keys.account] = id;
            _accountUsed[keys.account] = true;
        }
        if (keys.ed25519Key != entry.keySet.ed25519Key) {
            if (_signingKeyUsed[keys.ed25519Key]) revert ConsortiumSigningKeyTaken(keys.ed25519Key);
            _signingKeyUsed[keys.ed25519Key] = true;
        }
        entry.previousEd25519 = previousUntil == 0 ? bytes32(0) : entry.keySet.ed25519Key;
        entry.previousUntil = previousUntil;
        entry.keySet = keys;
        entry.keyEpoch += 1;
        emit KeysChanged(id, entry.keyEpoch, keys.ed25519Key, keys.x25519Key, keys.account, previousUntil);
    }

    function _revokePreviousKeys(bytes32 id) internal {
        Organisation storage entry = _organisations[id];
        if (entry.previousUntil <= block.timestamp) revert ConsortiumNoPreviousKeys(id);
        entry.previousEd25519 = 0;
        entry.previousUntil = 0;
        emit PreviousKeysRevoked(id, entry.keyEpoch);
    }

    function _checkRoles(uint8 roles) private pure {
        if (roles == 0 || roles > ALL_ROLES) revert ConsortiumInvalidRoles(roles);
    }

    function _checkEndpoint(string memory endpoint) private pure {
        uint256 length = bytes(endpoint).length;
        if (length > MAX_ENDPOINT_BYTES) revert ConsortiumInvalidEndpoint(length, MAX_ENDPOINT_BYTES);
    }
}
