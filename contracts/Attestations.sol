// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Consortium} from "./Consortium.sol";
import {OrganisationRegister} from "./OrganisationRegister.sol";

/// @title Attestations
/// @notice What members attest beside the requests: regulators that a sealed model was checked, holders what consents they keep,
/// regulators a beacon that nobody could choose.
/// @dev Only digests stand here. Nodes read it before they compute or unlock; the other contracts do not depend on it.
contract Attestations {
    /// @notice Certificate of a sealed model.
    /// @param requester bank whose model it is.
    /// @param certificateHash digest of the signed certificate.
    /// @param certifiedAt Unix seconds of the block; zero where there is none.
    /// @param withdrawn whether the certifier took it back.
    struct Certificate {
        bytes32 requester;
        bytes32 certificateHash;
        uint64 certifiedAt;
        bool withdrawn;
    }

    /// @notice Latest state of a holder's log of consents.
    /// @param size number of entries (receipts and withdrawals).
    /// @param committedAt Unix seconds of the block.
    /// @param root root of the tree of that size (RFC 9162).
    struct ConsentLog {
        uint64 size;
        uint64 committedAt;
        bytes32 root;
    }

    /// @notice A beacon: random once it is revealed.
    /// @param regulator who committed to the secret.
    /// @param committedIn block of the commitment.
    /// @param commitment SHA-256 of the secret.
    /// @param value SHA-256(secret || hash of the block after the commitment); zero until it is revealed.
    struct Beacon {
        bytes32 regulator;
        uint64 committedIn;
        bytes32 commitment;
        bytes32 value;
    }

    /// @dev Largest integer that every JSON reader holds exactly (RFC 8259, section 6).
    uint64 private constant MAX_SIZE = (1 << 53) - 1;

    /// @dev Blocks whose hash the chain still knows (Yellow Paper, BLOCKHASH).
    uint256 private constant KNOWN_BLOCKS = 256;

    /// @notice Consortium whose members attest here.
    Consortium public immutable consortium;

    /// @notice Number of beacons so far; their ids count from 1.
    uint256 public beaconCount;

    uint8 private immutable _bank;
    uint8 private immutable _regulator;

    mapping(bytes32 modelDigest => mapping(bytes32 certifier => Certificate)) private _certificates;
    mapping(bytes32 holder => ConsentLog) private _consents;
    mapping(bytes32 holder => mapping(uint64 size => bytes32 root)) private _consentRoots;
    mapping(uint256 id => Beacon) private _beacons;
    mapping(bytes32 commitment => bool) private _commitmentUsed;

    event ModelCertified(
        bytes32 indexed modelDigest, bytes32 indexed certifier, bytes32 requester, bytes32 certificateHash
    );
    event CertificateWithdrawn(bytes32 indexed modelDigest, bytes32 indexed certifier);
    event ConsentCommitted(bytes32 indexed holder, uint64 size, bytes32 root);
    event BeaconCommitted(uint256 indexed id, bytes32 indexed regulator, bytes32 commitment);
    event BeaconRevealed(uint256 indexed id, bytes32 beacon);

    error AttestationsRoleMissing(bytes32 org, uint8 role);
    error AttestationsZeroDigest();
    error AttestationsNotRequester(bytes32 org);
    error AttestationsOwnModel(bytes32 org);
    error AttestationsAlreadyCertified(bytes32 modelDigest, bytes32 certifier);
    error AttestationsNotCertified(bytes32 modelDigest, bytes32 certifier);
    error AttestationsSizeNotGrowing(bytes32 holder, uint64 latest, uint64 given);
    error AttestationsSizeTooLarge(uint64 size, uint64 max);
    error AttestationsCommitmentUsed(bytes32 commitment);
    error AttestationsUnknownBeacon(uint256 id);
    error AttestationsNotBeaconOwner(uint256 id, bytes32 org);
    error AttestationsBeaconRevealed(uint256 id);
    error AttestationsBeaconTooEarly(uint256 id, uint256 earliestBlock);
    error AttestationsBeaconTooLate(uint256 id, uint256 latestBlock);
    error AttestationsWrongSecret(uint256 id);

    /// @param consortium_ the consortium.
    constructor(Consortium consortium_) {
        consortium = consortium_;
        _bank = consortium_.BANK();
        _regulator = consortium_.REGULATOR();
    }

    /// @notice Attests, as a regulator, that a bank's sealed model was checked; once for a model and certifier.
    /// @param modelDigest digest of the sealed model, as in the terms of a request.
    /// @param requester bank whose model it is, and for whose requests alone this counts.
    /// @param certificateHash digest of the signed certificate.
    function certifyModel(bytes32 modelDigest, bytes32 requester, bytes32 certificateHash) external {
        bytes32 certifier = _requireRegulator();
        if (modelDigest == 0 || certificateHash == 0) revert AttestationsZeroDigest();
        if (requester == certifier) revert AttestationsOwnModel(certifier);
        (OrganisationRegister.Status status, uint8 roles) = consortium.standing(requester);
        if (status != OrganisationRegister.Status.Active || roles & _bank == 0) revert AttestationsNotRequester(requester);
        Certificate storage certificate = _certificates[modelDigest][certifier];
        if (certificate.certifiedAt != 0) revert AttestationsAlreadyCertified(modelDigest, certifier);
        _certificates[modelDigest][certifier] =
            Certificate(requester, certificateHash, uint64(block.timestamp), false);
        emit ModelCertified(modelDigest, certifier, requester, certificateHash);
    }

    /// @notice Takes the caller's certificate of a model back, for good.
    /// @param modelDigest digest of the sealed model.
    function withdrawCertificate(bytes32 modelDigest) external {
        bytes32 certifier = _caller();
        Certificate storage certificate = _certificates[modelDigest][certifier];
        if (certificate.certifiedAt == 0 || certificate.withdrawn) revert AttestationsNotCertified(modelDigest, certifier);
        certificate.withdrawn = true;
        emit CertificateWithdrawn(modelDigest, certifier);
    }

    /// @notice Commits to the caller's log of consents.
    /// @param size number of entries, larger than before.
    /// @param root root of the tree of that size.
    function commitConsent(uint64 size, bytes32 root) external {
        bytes32 holder = _caller();
        if (root == 0) revert AttestationsZeroDigest();
        uint64 latest = _consents[holder].size;
        if (size <= latest) revert AttestationsSizeNotGrowing(holder, latest, size);
        if (size > MAX_SIZE) revert AttestationsSizeTooLarge(size, MAX_SIZE);
        _consents[holder] = ConsentLog(size, uint64(block.timestamp), root);
        _consentRoots[holder][size] = root;
        emit ConsentCommitted(holder, size, root);
    }

    /// @notice Commits to a secret, as a regulator; the beacon comes of it and of the next block, which nobody knows yet.
    /// @dev Who committed can still keep the secret to itself where it dislikes the outcome; that is seen by everyone.
    /// @param commitment SHA-256 of a secret of 32 bytes that was never used.
    /// @return id of the beacon.
    function commitBeacon(bytes32 commitment) external returns (uint256 id) {
        bytes32 regulator = _requireRegulator();
        if (commitment == 0) revert AttestationsZeroDigest();
        if (_commitmentUsed[commitment]) revert AttestationsCommitmentUsed(commitment);
        _commitmentUsed[commitment] = true;
        beaconCount += 1;
        id = beaconCount;
        _beacons[id] = Beacon(regulator, uint64(block.number), commitment, 0);
        emit BeaconCommitted(id, regulator, commitment);
    }

    /// @notice Opens the secret of one of the caller's beacons, after the next block and while the chain knows its hash.
    /// @param id beacon.
    /// @param secret what the commitment is the SHA-256 of.
    function revealBeacon(uint256 id, bytes32 secret) external {
        bytes32 regulator = _requireRegulator();
        Beacon storage beacon = _beacons[id];
        if (beacon.commitment == 0) revert AttestationsUnknownBeacon(id);
        if (beacon.regulator != regulator) revert AttestationsNotBeaconOwner(id, regulator);
        if (beacon.value != 0) revert AttestationsBeaconRevealed(id);
        uint256 mixed = uint256(beacon.committedIn) + 1;
        if (block.number <= mixed) revert AttestationsBeaconTooEarly(id, mixed + 1);
        if (block.number > mixed + KNOWN_BLOCKS) revert AttestationsBeaconTooLate(id, mixed + KNOWN_BLOCKS);
        if (sha256(abi.encodePacked(secret)) != beacon.commitment) revert AttestationsWrongSecret(id);
        bytes32 value = sha256(abi.encodePacked(secret, blockhash(mixed)));
        beacon.value = value;
        emit BeaconRevealed(id, value);
    }

    /// @notice Certificate of a model; certifiedAt zero where there is none.
    /// @param modelDigest digest of the sealed model.
    /// @param certifier regulator.
    /// @return the certificate.
    function certificateOf(bytes32 modelDigest, bytes32 certifier) external view returns (Certificate memory) {
        return _certificates[modelDigest][certifier];
    }

    /// @notice Latest committed state of a holder's log of consents; size zero where there is none.
    /// @param holder organisation.
    /// @return size, time and root.
    function consentOf(bytes32 holder) external view returns (ConsentLog memory) {
        return _consents[holder];
    }

    /// @notice Root that a holder committed for a size; zero where it committed none.
    /// @param holder organisation.
    /// @param size number of entries.
    /// @return the root.
    function consentRootAt(bytes32 holder, uint64 size) external view returns (bytes32) {
        return _consentRoots[holder][size];
    }

    /// @notice A beacon; commitment zero where it is unknown.
    /// @param id beacon.
    /// @return the beacon.
    function beaconOf(uint256 id) external view returns (Beacon memory) {
        return _beacons[id];
    }

    function _caller() private view returns (bytes32 org) {
        (org,) = consortium.requireActive(msg.sender);
    }

    function _requireRegulator() private view returns (bytes32 org) {
        uint8 roles;
        (org, roles) = consortium.requireActive(msg.sender);
        if (roles & _regulator == 0) revert AttestationsRoleMissing(org, _regulator);
    }
}
