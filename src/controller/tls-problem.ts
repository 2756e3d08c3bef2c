import type { TLSSocket } from 'node:tls';

/** What is said where the other end does not say why. */
const ENDED = 'it ended the connection';
/** As a rule for that reason: Open vSwitch says so, and then at times cuts itself short. */
const ENDED_TLS = `${ENDED} before TLS was agreed on; does it know the authority of our certificate?`;

/** Why a connection with a switch did not come about, in words that lead to what is to be mended. */
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
  ECONNRESET: ENDED,
  EPIPE: ENDED,
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

/** Without an error: the other end has just gone. */
export function describeConnectionProblem(error?: NodeJS.ErrnoException): string {
  if (error === undefined) return ENDED;
  const code = error.code ?? '';
  if (STRANGERS.has(code)) return `its certificate is of no authority in openflow.tls.ca (${code})`;
  return PROBLEMS[code] ?? (code === '' ? error.message : `${error.message} (${code})`);
}

/** The same of a connection that was to be one by TLS. */
export function describeTlsProblem(error?: NodeJS.ErrnoException): string {
  const problem = describeConnectionProblem(error);
  return problem === ENDED ? ENDED_TLS : problem;
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
