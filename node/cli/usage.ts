/** One line for each command of `sealedger-node`. */
export const USAGE = `usage: sealedger-node COMMAND …

  run --config FILE [--exit-with-parent]     run the node
  dataset init|check|draft|submit|approve|publish|withdraw|show|list|lineage …   describe, review and publish datasets
  status --config FILE [--json]              how the running node is
  fsck --config FILE [--rpc URL] [--json]    check the stored log; reads only
`;
