import type { TLSSocket } from 'node:tls';

/** Why a TLS connection with a switch did not come about, in words that lead to what is to be mended. */
const PROBLEMS: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS (in Open vSwitch ssl: and pssl: do, tcp: and ptcp: do not)',
  ERR_SSL_HTTP_REQUEST: 'it does not speak TLS but HTTP',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it speaks no TLS 1.2 or later',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it does not know the authority of our certificate (ovs-vsctl set-ssl names it last)',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'it finds our certificate expired: is its clock right?',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it misses our certificate',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  INVALID_PURPOSE: 'its certificate is not meant for this end of a connection (extended key usage)',
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'it ended the connection',
  EPIPE: 'it ended the connection',
};

/** The codes of Node for a chain that does not lead to an authority that is trusted. */
const STRANGERS: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
]);

export function describeConnectionProblem(error: NodeJS.ErrnoException): string {
  const code = error.code ?? '';
  if (STRANGERS.has(code)) return `its certificate is of no authority in openflow.tls.ca (${code})`;
  return PROBLEMS[code] ?? (code === '' ? error.message : `${error.message} (${code})`);
}

/** Why the certificate of the other end does not do. */
export function certificateProblem(socket: TLSSocket): string {
  if (socket.getPeerX509Certificate() === undefined) {
    return 'it shows no certificate (ovs-vsctl set-ssl KEY CERTIFICATE CA)';
  }
  // The types have an Error here; it is the code of one.
  const code = String(socket.authorizationError);
  return describeConnectionProblem(Object.assign(new Error('its certificate is refused'), { code }));
}
