import type { TLSSocket } from 'node:tls';
import { isNamed } from '../../core/tls-settings.ts';
import { Problem } from '../problem.ts';

/** Who is at the other end of a connection: a peer, or why it is none. */
export type Party = { readonly peer: string; readonly expiresAtMs: number } | { readonly problem: Problem };

/** Finds the peer by its certificate, which TLS has checked against our authorities and revocation lists. */
export function identify(socket: TLSSocket, peers: readonly { readonly name: string }[]): Party {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) {
    return { problem: new Problem('no-certificate', 'show the certificate of a peer of this node') };
  }
  if (!socket.authorized) {
    const problem = new Problem('untrusted-certificate', whyUntrusted(String(socket.authorizationError)));
    return { problem };
  }
  const peer = peers.find(({ name }) => isNamed(certificate, name));
  if (peer !== undefined) return { peer: peer.name, expiresAtMs: Date.parse(certificate.validTo) };
  return { problem: new Problem('unknown-peer', 'this node does not know the name in your certificate') };
}

/** The codes are those of OpenSSL's X509_verify_cert. */
function whyUntrusted(code: string): string {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return 'your certificate is not valid at this time';
    case 'CERT_REVOKED':
      return 'your certificate has been revoked';
    case 'CRL_HAS_EXPIRED':
    case 'CRL_NOT_YET_VALID':
    case 'UNABLE_TO_GET_CRL':
      return 'this node cannot tell whether your certificate has been revoked';
    default:
      return 'your certificate is of no authority that this node trusts';
  }
}
