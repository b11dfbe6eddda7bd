// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Consortium} from "./Consortium.sol";
import {Requests} from "./Requests.sol";
import {MerkleLog} from "./libraries/MerkleLog.sol";

/// @title Evidence
/// @notice Checkpoints of the organisations' logs, and commitments to the results that were released.
/// @dev A log only grows: sizes grow, and a size has one root. That the roots are consistent is for a verifier to check.
contract Evidence {
    /// @notice What an organisation committed of a request's results.
    struct Results {
        uint32 batches;
        uint64 count;
    }

    /// @dev Largest integer that every JSON reader holds exactly (RFC 8259, section 6).
    uint64 private constant MAX_SIZE = (1 << 53) - 1;

    /// @notice Consortium whose organisations keep the logs.
    Consortium public immutable consortium;

    /// @notice Requests whose results are committed here.
    Requests public immutable requests;

    mapping(bytes32 org => uint64 size) private _latestSize;
    mapping(bytes32 org => mapping(uint64 size => bytes32 root)) private _roots;
    mapping(bytes32 requestId => mapping(bytes32 org => Results)) private _results;
    mapping(bytes32 requestId => mapping(bytes32 org => mapping(uint32 batch => bytes32))) private _commitments;

    event CheckpointAnchored(bytes32 indexed org, uint64 size, bytes32 root);
    event ResultCommitted(
        bytes32 indexed org, bytes32 indexed requestId, uint32 batch, bytes32 commitment, uint32 count
    );

    error EvidenceZeroRoot();
    error EvidenceSizeNotGrowing(bytes32 org, uint64 latest, uint64 given);
    error EvidenceSizeTooLarge(uint64 size, uint64 max);
    error EvidenceZeroCommitment();
    error EvidenceEmptyBatch();
    error EvidenceMayNotRelease(bytes32 requestId, bytes32 org);
    error EvidenceBatchOutOfOrder(bytes32 requestId, uint32 expected, uint32 given);
    error EvidenceOverQuota(bytes32 requestId, uint64 quota, uint64 given);

    /// @param requests_ requests; their consortium is the consortium here.
    constructor(Requests requests_) {
        requests = requests_;
        consortium = requests_.consortium();
    }

    /// @notice Anchors a checkpoint of the caller's log.
    /// @param size number of leaves, larger than in the latest checkpoint.
    /// @param root root of the tree of that size.
    function anchor(uint64 size, bytes32 root) external {
        (bytes32 org,) = consortium.requireActive(msg.sender);
        if (root == 0) revert EvidenceZeroRoot();
        uint64 latestSize = _latestSize[org];
        if (size <= latestSize) revert EvidenceSizeNotGrowing(org, latestSize, size);
        if (size > MAX_SIZE) revert EvidenceSizeTooLarge(size, MAX_SIZE);
        _latestSize[org] = size;
        _roots[org][size] = root;
        emit CheckpointAnchored(org, size, root);
    }

    /// @notice Commits to a batch of results, as the request's requester or one of its gates.
    /// @param requestId request; it must have been activated.
    /// @param batch the caller's latest batch of this request plus one; the first is 1.
    /// @param commitment commitment to the batch.
    /// @param count number of results in it; the sum over the batches stays within the quota.
    function commitResult(bytes32 requestId, uint32 batch, bytes32 commitment, uint32 count) external {
        (bytes32 org,) = consortium.requireActive(msg.sender);
        (bool releases, uint64 quota) = requests.releaseRight(requestId, org);
        if (!releases) revert EvidenceMayNotRelease(requestId, org);
        if (commitment == 0) revert EvidenceZeroCommitment();
        if (count == 0) revert EvidenceEmptyBatch();
        Results storage results = _results[requestId][org];
        if (batch != results.batches + 1) revert EvidenceBatchOutOfOrder(requestId, results.batches + 1, batch);
        uint64 total = results.count + count;
        if (total > quota) revert EvidenceOverQuota(requestId, quota, total);
        results.batches = batch;
        results.count = total;
        _commitments[requestId][org][batch] = commitment;
        emit ResultCommitted(org, requestId, batch, commitment, count);
    }

    /// @notice Latest checkpoint of an organisation; zeros where there is none.
    /// @param org organisation.
    /// @return size number of leaves.
    /// @return root root.
    function latest(bytes32 org) external view returns (uint64 size, bytes32 root) {
        size = _latestSize[org];
        root = _roots[org][size];
    }

    /// @notice Root that an organisation anchored for a size; zero where it anchored none.
    /// @param org organisation.
    /// @param size number of leaves.
    /// @return the root.
    function rootAt(bytes32 org, uint64 size) external view returns (bytes32) {
        return _roots[org][size];
    }

    /// @notice What an organisation committed of a request's results.
    /// @param requestId request.
    /// @param org organisation.
    /// @return number of batches and of results.
    function resultsOf(bytes32 requestId, bytes32 org) external view returns (Results memory) {
        return _results[requestId][org];
    }

    /// @notice Commitment of one batch; zero where there is none.
    /// @param requestId request.
    /// @param org organisation.
    /// @param batch number of the batch, from 1.
    /// @return the commitment.
    function resultCommitment(bytes32 requestId, bytes32 org, uint32 batch) external view returns (bytes32) {
        return _commitments[requestId][org][batch];
    }

    /// @notice Checks an inclusion proof (RFC 9162); see {MerkleLog-verifyInclusion}.
    /// @param leafHash hash of the leaf.
    /// @param index place of the leaf, from 0.
    /// @param size number of leaves of the tree.
    /// @param proof siblings from the leaf to the root.
    /// @param root root of the tree.
    /// @return whether the proof holds.
    function verifyInclusion(bytes32 leafHash, uint64 index, uint64 size, bytes32[] calldata proof, bytes32 root)
        external
        view
        returns (bool)
    {
        return MerkleLog.verifyInclusion(leafHash, index, size, proof, root);
    }

    /// @notice Checks a consistency proof (RFC 9162); see {MerkleLog-verifyConsistency}.
    /// @param size1 leaves of the earlier tree.
    /// @param size2 leaves of the later tree.
    /// @param proof nodes of the proof.
    /// @param root1 root of the earlier tree.
    /// @param root2 root of the later tree.
    /// @return whether the proof holds.
    function verifyConsistency(uint64 size1, uint64 size2, bytes32[] calldata proof, bytes32 root1, bytes32 root2)
        external
        view
        returns (bool)
    {
        return MerkleLog.verifyConsistency(size1, size2, proof, root1, root2);
    }
}
