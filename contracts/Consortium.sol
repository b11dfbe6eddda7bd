// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {OrganisationRegister} from "./OrganisationRegister.sol";

/// @title Consortium
/// @notice Admission, suspension, roles and keys of the organisations.
/// @dev The founder admits the first organisations and then closes the founding; from then on everything that concerns another
/// organisation is decided by a majority of the active members. An organisation changes its own keys and endpoint itself.
contract Consortium is OrganisationRegister {
    using EnumerableSet for EnumerableSet.Bytes32Set;

    /// @notice What a proposal changes.
    enum Kind {
        Admit,
        Suspend,
        Reinstate,
        SetRoles,
        SetKeys
    }

    /// @notice Where a proposal stands.
    enum ProposalState {
        None,
        Open,
        Carried,
        Rejected,
        Lapsed
    }

    /// @notice A proposal.
    /// @param payload `abi.encode` of an Admission, of roles (uint8) or of Keys, by kind; empty for the other kinds.
    struct Proposal {
        Kind kind;
        ProposalState state;
        uint64 expiresAt;
        bytes32 org;
        bytes32 proposer;
        bytes payload;
    }

    /// @notice Seconds for which a proposal can be voted on; a forgotten one cannot be carried much later.
    uint64 public constant VOTING_PERIOD = 30 days;

    /// @notice Longest time for which keys before a rotation still count.
    uint32 public constant MAX_OVERLAP = 1 days;

    /// @notice Account that admits organisations during the founding; zero once it is closed.
    address public founder;

    /// @notice Number of proposals made so far; their ids count from 1.
    uint256 public proposalCount;

    mapping(uint256 proposalId => Proposal) private _proposals;
    mapping(uint256 proposalId => EnumerableSet.Bytes32Set) private _votesFor;
    mapping(uint256 proposalId => EnumerableSet.Bytes32Set) private _votesAgainst;
    mapping(bytes32 digest => uint256 proposalId) private _openProposal;

    event FoundingClosed(uint256 organisations);
    event ProposalMade(
        uint256 indexed proposalId, bytes32 indexed org, Kind kind, bytes32 proposer, uint64 expiresAt, bytes payload
    );
    event VoteCast(uint256 indexed proposalId, bytes32 indexed voter, bool support);
    event ProposalCarried(uint256 indexed proposalId);
    event ProposalRejected(uint256 indexed proposalId);
    event ProposalLapsed(uint256 indexed proposalId);

    error ConsortiumNotFounder(address account);
    error ConsortiumFoundingOpen();
    error ConsortiumNoMembers();
    error ConsortiumUnknownProposal(uint256 proposalId);
    error ConsortiumProposalClosed(uint256 proposalId, ProposalState state);
    error ConsortiumProposalOpen(uint256 proposalId);
    error ConsortiumAlreadyVoted(uint256 proposalId, bytes32 org);
    error ConsortiumUndecided(uint256 proposalId);
    error ConsortiumOverlapTooLong(uint32 overlapSeconds, uint32 max);

    modifier onlyFounder() {
        if (msg.sender != founder) revert ConsortiumNotFounder(msg.sender);
        _;
    }

    constructor() {
        founder = msg.sender;
    }

    /// @notice Admits an organisation during the founding.
    /// @param admission id, roles, keys and endpoint.
    function admit(Admission calldata admission) external onlyFounder {
        _admit(admission);
    }

    /// @notice Ends the founding; needs at least one organisation, since nobody could be admitted otherwise.
    function closeFounding() external onlyFounder {
        uint256 members = activeCount();
        if (members == 0) revert ConsortiumNoMembers();
        founder = address(0);
        emit FoundingClosed(members);
    }

    /// @notice Changes the caller's own keys.
    /// @param keys the new keys; one that stays is given again.
    /// @param overlapSeconds for how long the signing and sealing keys before count too, at most {MAX_OVERLAP}; zero for a key
    /// that must not count any more. Keys of an overlap that still runs end here.
    function rotateKeys(Keys calldata keys, uint32 overlapSeconds) external {
        (bytes32 id,) = requireActive(msg.sender);
        if (overlapSeconds > MAX_OVERLAP) revert ConsortiumOverlapTooLong(overlapSeconds, MAX_OVERLAP);
        _setKeys(id, keys, overlapSeconds == 0 ? 0 : uint64(block.timestamp) + overlapSeconds);
    }

    /// @notice Ends the overlap of the caller's own keys in this block.
    function revokePreviousKeys() external {
        (bytes32 id,) = requireActive(msg.sender);
        _revokePreviousKeys(id);
    }

    /// @notice Changes the caller's own endpoint.
    /// @param endpoint base URL of the node, at most 256 bytes.
    function setEndpoint(string calldata endpoint) external {
        (bytes32 id,) = requireActive(msg.sender);
        _setEndpoint(id, endpoint);
    }

    /// @notice Proposes to admit an organisation.
    /// @param admission id, roles, keys and endpoint.
    /// @return proposalId the new proposal, with the proposer's vote in it.
    function proposeAdmission(Admission calldata admission) external returns (uint256 proposalId) {
        return _propose(Kind.Admit, admission.id, abi.encode(admission));
    }

    /// @notice Proposes to suspend an organisation.
    /// @param org organisation.
    /// @return proposalId the new proposal.
    function proposeSuspension(bytes32 org) external returns (uint256 proposalId) {
        _requireKnown(org);
        return _propose(Kind.Suspend, org, "");
    }

    /// @notice Proposes to reinstate a suspended organisation.
    /// @param org organisation.
    /// @return proposalId the new proposal.
    function proposeReinstatement(bytes32 org) external returns (uint256 proposalId) {
        _requireKnown(org);
        return _propose(Kind.Reinstate, org, "");
    }

    /// @notice Proposes another set of roles for an organisation.
    /// @param org organisation.
    /// @param roles role bits.
    /// @return proposalId the new proposal.
    function proposeRoles(bytes32 org, uint8 roles) external returns (uint256 proposalId) {
        _requireKnown(org);
        return _propose(Kind.SetRoles, org, abi.encode(roles));
    }

    /// @notice Proposes other keys for an organisation that lost its own.
    /// @param org organisation.
    /// @param keys the new keys.
    /// @return proposalId the new proposal.
    function proposeKeys(bytes32 org, Keys calldata keys) external returns (uint256 proposalId) {
        _requireKnown(org);
        return _propose(Kind.SetKeys, org, abi.encode(keys));
    }

    /// @notice Casts the caller's vote; the vote that decides also carries the proposal out.
    /// @param proposalId proposal.
    /// @param support whether the caller is for it.
    function vote(uint256 proposalId, bool support) external {
        (bytes32 voter,) = requireActive(msg.sender);
        _requireOpen(proposalId);
        if (voteOf(proposalId, voter) != 0) revert ConsortiumAlreadyVoted(proposalId, voter);
        _cast(proposalId, voter, support);
        _settle(proposalId);
    }

    /// @notice Closes a proposal that is decided without another vote: its time is over, or the members changed.
    /// @param proposalId proposal.
    function settle(uint256 proposalId) external {
        Proposal storage proposal = _proposals[proposalId];
        if (proposal.state == ProposalState.Open && block.timestamp >= proposal.expiresAt) {
            _close(proposalId, ProposalState.Lapsed);
            emit ProposalLapsed(proposalId);
            return;
        }
        _requireOpen(proposalId);
        if (!_settle(proposalId)) revert ConsortiumUndecided(proposalId);
    }

    /// @notice A proposal; state None where it is unknown.
    /// @param proposalId proposal.
    /// @return proposal the proposal; an open one past its time is shown as lapsed.
    function proposalOf(uint256 proposalId) external view returns (Proposal memory proposal) {
        proposal = _proposals[proposalId];
        if (proposal.state == ProposalState.Open && block.timestamp >= proposal.expiresAt) {
            proposal.state = ProposalState.Lapsed;
        }
    }

    /// @notice Votes of members that are active now.
    /// @param proposalId proposal.
    /// @return votesFor number for it.
    /// @return votesAgainst number against it.
    function tally(uint256 proposalId) public view returns (uint256 votesFor, uint256 votesAgainst) {
        return (_countActive(_votesFor[proposalId]), _countActive(_votesAgainst[proposalId]));
    }

    /// @notice How an organisation voted.
    /// @param proposalId proposal.
    /// @param org organisation.
    /// @return 0 not at all, 1 for, 2 against.
    function voteOf(uint256 proposalId, bytes32 org) public view returns (uint8) {
        if (_votesFor[proposalId].contains(org)) return 1;
        return _votesAgainst[proposalId].contains(org) ? 2 : 0;
    }

    function _propose(Kind kind, bytes32 org, bytes memory payload) private returns (uint256 proposalId) {
        if (founder != address(0)) revert ConsortiumFoundingOpen();
        (bytes32 proposer,) = requireActive(msg.sender);
        bytes32 digest = keccak256(abi.encode(kind, org, payload));
        _requireNoTwin(digest);
        proposalCount += 1;
        proposalId = proposalCount;
        uint64 expiresAt = uint64(block.timestamp) + VOTING_PERIOD;
        _proposals[proposalId] = Proposal(kind, ProposalState.Open, expiresAt, org, proposer, payload);
        _openProposal[digest] = proposalId;
        emit ProposalMade(proposalId, org, kind, proposer, expiresAt, payload);
        _cast(proposalId, proposer, true);
        _settle(proposalId);
    }

    function _cast(uint256 proposalId, bytes32 voter, bool support) private {
        if (support) _votesFor[proposalId].add(voter);
        else _votesAgainst[proposalId].add(voter);
        emit VoteCast(proposalId, voter, support);
    }

    function _settle(uint256 proposalId) private returns (bool decided) {
        (uint256 votesFor, uint256 votesAgainst) = tally(proposalId);
        uint256 members = activeCount();
        if (2 * votesFor > members) {
            _close(proposalId, ProposalState.Carried);
            _carryOut(_proposals[proposalId]);
            emit ProposalCarried(proposalId);
            return true;
        }
        if (2 * votesAgainst < members) return false;
        _close(proposalId, ProposalState.Rejected);
        emit ProposalRejected(proposalId);
        return true;
    }

    function _carryOut(Proposal storage proposal) private {
        if (proposal.kind == Kind.Admit) _admit(abi.decode(proposal.payload, (Admission)));
        else if (proposal.kind == Kind.Suspend) _suspend(proposal.org);
        else if (proposal.kind == Kind.Reinstate) _reinstate(proposal.org);
        else if (proposal.kind == Kind.SetRoles) _setRoles(proposal.org, abi.decode(proposal.payload, (uint8)));
        // lost keys: whoever has them now must not sign a second longer
        else _setKeys(proposal.org, abi.decode(proposal.payload, (Keys)), 0);
    }

    function _close(uint256 proposalId, ProposalState state) private {
        Proposal storage proposal = _proposals[proposalId];
        proposal.state = state;
        bytes32 digest = keccak256(abi.encode(proposal.kind, proposal.org, proposal.payload));
        // a lapsed proposal may have a successor already
        if (_openProposal[digest] == proposalId) delete _openProposal[digest];
    }

    /// @dev A proposal sent twice would otherwise stand twice; one that lapsed does not block its successor.
    function _requireNoTwin(bytes32 digest) private view {
        uint256 twin = _openProposal[digest];
        if (twin != 0 && block.timestamp < _proposals[twin].expiresAt) revert ConsortiumProposalOpen(twin);
    }

    function _requireOpen(uint256 proposalId) private view {
        Proposal storage proposal = _proposals[proposalId];
        if (proposal.state == ProposalState.None) revert ConsortiumUnknownProposal(proposalId);
        if (proposal.state != ProposalState.Open) revert ConsortiumProposalClosed(proposalId, proposal.state);
        if (block.timestamp >= proposal.expiresAt) revert ConsortiumProposalClosed(proposalId, ProposalState.Lapsed);
    }

    function _countActive(EnumerableSet.Bytes32Set storage voters) private view returns (uint256 count) {
        uint256 length = voters.length();
        for (uint256 i = 0; i < length; i++) {
            if (_isActive(voters.at(i))) count += 1;
        }
    }
}
