// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Merkle log proofs
/// @notice Inclusion and consistency proofs of RFC 9162 with SHA-256, by the same rules as protocol/merkle.ts.
/// @dev Every function answers false for a proof that does not hold, whatever its shape; it never reverts for one.
library MerkleLog {
    /// @dev A tree of fewer than 2^64 leaves has no path longer than 64; a consistency proof may repeat the old root.
    uint256 internal constant MAX_PROOF_LENGTH = 65;

    /// @notice Whether a leaf stands at an index of a tree.
    /// @param leafHash SHA-256(0x00 || leaf).
    /// @param index place of the leaf, from 0.
    /// @param size number of leaves of the tree.
    /// @param proof siblings from the leaf to the root.
    /// @param root root of the tree.
    /// @return whether the proof holds. Source: RFC 9162, section 2.1.3.2.
    function verifyInclusion(bytes32 leafHash, uint64 index, uint64 size, bytes32[] calldata proof, bytes32 root)
        internal
        view
        returns (bool)
    {
        if (index >= size || proof.length > MAX_PROOF_LENGTH) return false;
        uint64 fn = index;
        uint64 sn = size - 1;
        bytes32 node = leafHash;
        for (uint256 i = 0; i < proof.length; i++) {
            if (sn == 0) return false;
            if (fn & 1 == 1 || fn == sn) {
                node = hashNode(proof[i], node);
                (fn, sn) = _climb(fn, sn);
            } else {
                node = hashNode(node, proof[i]);
            }
            fn >>= 1;
            sn >>= 1;
        }
        return sn == 0 && node == root;
    }

    /// @notice Whether a tree is an extension of an earlier one.
    /// @param size1 leaves of the earlier tree, at least 1.
    /// @param size2 leaves of the later tree.
    /// @param proof the nodes of the proof; empty where the sizes are equal.
    /// @param root1 root of the earlier tree.
    /// @param root2 root of the later tree.
    /// @return whether the proof holds. Source: RFC 9162, section 2.1.4.2.
    function verifyConsistency(uint64 size1, uint64 size2, bytes32[] calldata proof, bytes32 root1, bytes32 root2)
        internal
        view
        returns (bool)
    {
        if (size1 == 0 || size1 > size2 || proof.length > MAX_PROOF_LENGTH) return false;
        if (size1 == size2) return proof.length == 0 && root1 == root2;
        if (proof.length == 0) return false;
        uint64 fn = size1 - 1;
        uint64 sn = size2 - 1;
        while (fn & 1 == 1) {
            fn >>= 1;
            sn >>= 1;
        }
        bool ownRoot = size1 & (size1 - 1) == 0;
        bytes32 first = ownRoot ? root1 : proof[0];
        return _fold(fn, sn, proof[ownRoot ? 0 : 1:], first, root1, root2);
    }

    /// @notice Hash of an inner node: SHA-256(0x01 || left || right).
    /// @param left left child.
    /// @param right right child.
    /// @return digest the hash.
    function hashNode(bytes32 left, bytes32 right) internal view returns (bytes32 digest) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore8(free, 1)
            mstore(add(free, 1), left)
            mstore(add(free, 33), right)
            // the SHA-256 precompile; it fails only for lack of gas, and then the whole call must
            if iszero(staticcall(gas(), 2, free, 65, 0, 32)) { revert(0, 0) }
            digest := mload(0)
        }
    }

    function _fold(uint64 fn, uint64 sn, bytes32[] calldata path, bytes32 first, bytes32 root1, bytes32 root2)
        private
        view
        returns (bool)
    {
        bytes32 fr = first;
        bytes32 sr = first;
        for (uint256 i = 0; i < path.length; i++) {
            if (sn == 0) return false;
            if (fn & 1 == 1 || fn == sn) {
                fr = hashNode(path[i], fr);
                sr = hashNode(path[i], sr);
                (fn, sn) = _climb(fn, sn);
            } else {
                sr = hashNode(sr, path[i]);
            }
            fn >>= 1;
            sn >>= 1;
        }
        return sn == 0 && fr == root1 && sr == root2;
    }

    /// @dev Skips the levels at which the last node of the tree has no sibling.
    function _climb(uint64 fn, uint64 sn) private pure returns (uint64, uint64) {
        while (fn & 1 == 0 && fn != 0) {
            fn >>= 1;
            sn >>= 1;
        }
        return (fn, sn);
    }
}
