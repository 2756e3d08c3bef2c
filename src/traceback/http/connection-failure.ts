import { PeerFailure } from '../node-options.ts';

/** By the codes of getaddrinfo, connect and TLS: what has happened, and what to look at. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^(ENOTFOUND|EAI_)/, 'its host has no address: look at its url in node.peers'],
  [/^ECONNREFUSED$/, 'nothing listens there: look whether it runs, and at the port of its url in node.peers'],
  [
    /^(EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)$/,
    'its host does not answer: look at the network, and at what filters between',
  ],
  [/ALTNAME/, 'the certificate there is of another name: look at its name and url in node.peers'],
  [
    /^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/,
    'its certificate is not valid at this time: look at the clock, and tell it',
  ],
  [/^CERT_REVOKED$/, 'its certificate has been revoked: ask who runs it'],
  [/CRL/, 'whether its certificate is revoked cannot be told: look at node.tls.crl'],
  [/CERT|SIGNATURE|ISSUER/, 'its certificate is of no authority in node.tls.ca: the two ends have to have the same'],
  [/^ERR_SSL|^EPROTO$/, 'no TLS 1.3 could be agreed upon: look at the port of its url in node.peers, and at its log'],
];

/** Why there is no connection to a peer, or why it broke. In words of ours: those of the machine have addresses in them. */
export function connectionFailure(error: unknown): PeerFailure {
  if (error instanceof PeerFailure) return error;
  const code = String((error as NodeJS.ErrnoException).code);
  const detail = WORDS.find(([codes]) => codes.test(code))?.[1] ?? 'the connection to it broke: look at its log';
  return new PeerFailure('unreachable', detail, { cause: error });
}
