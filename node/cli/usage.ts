/** One line for each command of `sealedger-node`. */
export const USAGE = `usage: sealedger-node COMMAND …

  run --config FILE [--exit-with-parent]     run the node (--passphrase-file FILE | --passphrase-fd N, or typed)
  keys init|passphrase|rotate|revoke …       the organisation's keys: make them, seal them anew, replace them
  person hash|keygen|list|log …              the people of this node; commands take --by ID with --password-file FILE, --password-fd N or --person-key FILE
  member list|show|proposals|propose|vote|settle|endpoint …   the consortium's members, and the votes on them
  endpoint --config FILE [--register]        the endpoint that belongs on chain, with the pin of this node's certificate
  dataset init|check|draft|submit|approve|publish|withdraw|show|list|lineage …   describe, review and publish datasets
  quality run|check|rules|report|dqv|history|ranking|points|schedule …   measure datasets, and what came of it
  workorder list|show|assign|fix|reject|close|reopen|retest|export …   failing rows on their way back
  repair propose|list|accept|refuse|patch …   proposed values for failing cells
  suspend ID --reason TEXT | suspend ID --resume   stop the use of a grant at once, or go on
  usage [ID] [--days N] [--json]             use of grants against quota and budget
  alert list|ack …                           what was found unusual
  policy show|check|test|schema|draft|apply|remove …   who may ask what, as data; tested before it is in force
  request list|show|ask|acknowledge|attachments|revoke …   requests that came in
  decide REQUEST (--approve|--reject|--revoke) --reason TEXT …   a person's decision
  openapi --config FILE [--out FILE]         the node's OpenAPI 3.1 description
  status --config FILE [--json]              how the running node is
  evidence export --config FILE (--version ID | --request ID | --batch REQUEST/ORG/N) --out FILE   a bundle's part of this node
  fsck --config FILE [--rpc URL] [--json]    check the stored log; reads only
`;
