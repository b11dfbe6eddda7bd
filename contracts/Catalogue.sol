// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Consortium} from "./Consortium.sol";

/// @title Catalogue
/// @notice Versions of datasets and of the base register: who owns them, what they are committed to, whether they are offered
/// and how good their owner measured them.
/// @dev Only hashes and scores stand here; metadata, rows and reports stay with their owner.
contract Catalogue {
    /// @notice Whether a version is offered.
    enum VersionState {
        None,
        Published,
        Withdrawn
    }

    /// @notice A dataset version.
    /// @param owner organisation that published it.
    /// @param name short name, unique for the owner.
    /// @param version 1 and growing by one.
    /// @param level sensitivity, 1 (open) to 5 (most sensitive).
    /// @param metadataHash digest of the catalogue entry (fields, codes, bounds, policy).
    /// @param commitment commitment to the content of this version.
    struct DatasetVersion {
        bytes32 owner;
        bytes32 name;
        uint32 version;
        uint8 level;
        VersionState state;
        bytes32 metadataHash;
        bytes32 commitment;
    }

    /// @notice Latest measurement of a version's quality.
    /// @param round number of the measurement; zero where there is none.
    /// @param scoreBasisPoints total score, 0 to 10000.
    /// @param ruleSetHash digest of the rules that were run.
    /// @param reportHash digest of the report.
    struct Quality {
        uint32 round;
        uint16 scoreBasisPoints;
        bytes32 ruleSetHash;
        bytes32 reportHash;
    }

    /// @notice A score of 100 %.
    uint16 public constant MAX_SCORE = 10_000;

    uint8 private constant MAX_LEVEL = 5;

    /// @notice Consortium whose departments and registrars publish here.
    Consortium public immutable consortium;

    mapping(bytes32 id => DatasetVersion) private _versions;
    mapping(bytes32 owner => mapping(bytes32 name => uint32 version)) private _latest;
    mapping(bytes32 id => Quality) private _quality;
    mapping(bytes32 id => mapping(bytes32 reportHash => uint32 round)) private _reportRound;

    event DatasetVersionPublished(
        bytes32 indexed id,
        bytes32 indexed owner,
        bytes32 name,
        uint32 version,
        bytes32 metadataHash,
        bytes32 commitment,
        uint8 level
    );
    event DatasetVersionWithdrawn(bytes32 indexed id, bytes32 indexed owner);
    event QualityRecorded(
        bytes32 indexed id,
        bytes32 indexed owner,
        uint32 round,
        bytes32 ruleSetHash,
        uint16 scoreBasisPoints,
        bytes32 reportHash
    );

    error CatalogueRoleMissing(bytes32 org);
    error CatalogueZeroName();
    error CatalogueZeroHash();
    error CatalogueInvalidLevel(uint8 level);
    error CatalogueVersionOutOfOrder(uint32 expected, uint32 given);
    error CatalogueUnknownVersion(bytes32 id);
    error CatalogueNotOwner(bytes32 id, bytes32 org);
    error CatalogueAlreadyWithdrawn(bytes32 id);
    error CatalogueScoreOutOfRange(uint16 scoreBasisPoints, uint16 max);
    error CatalogueReportRecorded(bytes32 id, uint32 round);

    /// @param consortium_ the consortium.
    constructor(Consortium consortium_) {
        consortium = consortium_;
    }

    /// @notice Publishes the next version of one of the caller's datasets.
    /// @param name short name of the dataset.
    /// @param version latest version plus one; the first is 1.
    /// @param metadataHash digest of the catalogue entry.
    /// @param commitment commitment to the version's content.
    /// @param level sensitivity, 1 to 5.
    /// @return id of the version.
    function publish(bytes32 name, uint32 version, bytes32 metadataHash, bytes32 commitment, uint8 level)
        external
        returns (bytes32 id)
    {
        bytes32 owner = _requirePublisher();
        if (name == 0) revert CatalogueZeroName();
        if (metadataHash == 0 || commitment == 0) revert CatalogueZeroHash();
        if (level == 0 || level > MAX_LEVEL) revert CatalogueInvalidLevel(level);
        uint32 expected = _latest[owner][name] + 1;
        if (version != expected) revert CatalogueVersionOutOfOrder(expected, version);
        id = versionId(owner, name, version);
        _latest[owner][name] = version;
        _versions[id] =
            DatasetVersion(owner, name, version, level, VersionState.Published, metadataHash, commitment);
        emit DatasetVersionPublished(id, owner, name, version, metadataHash, commitment, level);
    }

    /// @notice Withdraws one of the caller's versions: no new request may name it, and no attempt over it opens any more.
    /// @param id version.
    function withdraw(bytes32 id) external {
        bytes32 owner = _requireOffered(id);
        _versions[id].state = VersionState.Withdrawn;
        emit DatasetVersionWithdrawn(id, owner);
    }

    /// @notice Records a measurement of one of the caller's versions; the rounds of a version count from 1.
    /// @dev A report counts once, so that a call sent twice makes one round.
    /// @param id version that is offered.
    /// @param ruleSetHash digest of the rules that were run.
    /// @param scoreBasisPoints total score, 0 to 10000.
    /// @param reportHash digest of the report.
    function recordQuality(bytes32 id, bytes32 ruleSetHash, uint16 scoreBasisPoints, bytes32 reportHash) external {
        bytes32 owner = _requireOffered(id);
        if (ruleSetHash == 0 || reportHash == 0) revert CatalogueZeroHash();
        if (scoreBasisPoints > MAX_SCORE) revert CatalogueScoreOutOfRange(scoreBasisPoints, MAX_SCORE);
        uint32 known = _reportRound[id][reportHash];
        if (known != 0) revert CatalogueReportRecorded(id, known);
        uint32 round = _quality[id].round + 1;
        _reportRound[id][reportHash] = round;
        _quality[id] = Quality(round, scoreBasisPoints, ruleSetHash, reportHash);
        emit QualityRecorded(id, owner, round, ruleSetHash, scoreBasisPoints, reportHash);
    }

    /// @notice A version; state None where it is unknown.
    /// @param id version.
    /// @return the entry.
    function datasetVersion(bytes32 id) external view returns (DatasetVersion memory) {
        return _versions[id];
    }

    /// @notice Owner and state of a version, for other contracts.
    /// @param id version.
    /// @return owner organisation; zero where the version is unknown.
    /// @return state whether it is offered.
    function ownerAndState(bytes32 id) external view returns (bytes32 owner, VersionState state) {
        DatasetVersion storage entry = _versions[id];
        return (entry.owner, entry.state);
    }

    /// @notice Latest measurement of a version; round zero where there is none.
    /// @param id version.
    /// @return the measurement.
    function qualityOf(bytes32 id) external view returns (Quality memory) {
        return _quality[id];
    }

    /// @notice Latest score of a version, for other contracts.
    /// @param id version.
    /// @return round number of the measurement; zero where there is none.
    /// @return scoreBasisPoints the score.
    function scoreOf(bytes32 id) external view returns (uint32 round, uint16 scoreBasisPoints) {
        Quality storage quality = _quality[id];
        return (quality.round, quality.scoreBasisPoints);
    }

    /// @notice Latest version number of a dataset; zero where there is none.
    /// @param owner organisation.
    /// @param name short name of the dataset.
    /// @return the number.
    function latestVersion(bytes32 owner, bytes32 name) external view returns (uint32) {
        return _latest[owner][name];
    }

    /// @notice Id of a version, known before it is published.
    /// @param owner organisation.
    /// @param name short name of the dataset.
    /// @param version number.
    /// @return the id.
    function versionId(bytes32 owner, bytes32 name, uint32 version) public pure returns (bytes32) {
        return keccak256(abi.encode(owner, name, version));
    }

    /// @return owner the caller, who owns the version.
    function _requireOffered(bytes32 id) private view returns (bytes32 owner) {
        owner = _requirePublisher();
        DatasetVersion storage entry = _versions[id];
        if (entry.state == VersionState.None) revert CatalogueUnknownVersion(id);
        if (entry.owner != owner) revert CatalogueNotOwner(id, owner);
        if (entry.state == VersionState.Withdrawn) revert CatalogueAlreadyWithdrawn(id);
    }

    function _requirePublisher() private view returns (bytes32 org) {
        uint8 roles;
        (org, roles) = consortium.requireActive(msg.sender);
        if (roles & (consortium.DEPARTMENT() | consortium.REGISTRAR()) == 0) revert CatalogueRoleMissing(org);
    }
}
