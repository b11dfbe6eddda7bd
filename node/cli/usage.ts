/** One line for each command of `sealedger-node`. */
export const USAGE = `usage: sealedger-node COMMAND …

  run --config FILE [--exit-with-parent]     run the node
`;
