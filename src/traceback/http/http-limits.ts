/** How much anybody may ask of the HTTP doors of a node. Milliseconds and octets. */
export interface HttpLimits {
  /** Connections of those who have not shown the certificate of a peer. */
  readonly strangers: number;
  /** How long their first octets are waited for. */
  readonly helloMs: number;
  /** How long such a connection lives at most. */
  readonly strangerMs: number;
  readonly connectionsPerPeer: number;
  readonly requestsPerConnection: number;
  /** Requests that are open on one connection at once. */
  readonly streams: number;
  /** Requests, PINGs, SETTINGS and resets of one connection: a second, and at once. */
  readonly framesPerSecond: number;
  readonly framesAtOnce: number;
  /** Octets that come over one connection, whatever they are: a second, and at once. */
  readonly octetsPerSecond: number;
  readonly octetsAtOnce: number;
  readonly bodyBytes: number;
  /** For the whole of a body to arrive. */
  readonly bodyMs: number;
  readonly answerBytes: number;
  /** For the whole of an answer to be taken. */
  readonly answerMs: number;
  /** How long a connection without a request is kept. */
  readonly idleMs: number;
  /** How long a refused peer that is still sending has to read why. */
  readonly lingerMs: number;
}

export const HTTP_LIMITS: HttpLimits = {
  strangers: 1024,
  helloMs: 2000,
  strangerMs: 5000,
  connectionsPerPeer: 8,
  requestsPerConnection: 10_000,
  streams: 32,
  framesPerSecond: 200,
  framesAtOnce: 1000,
  octetsPerSecond: 1 << 20,
  octetsAtOnce: 8 << 20,
  bodyBytes: 65_536,
  bodyMs: 5000,
  answerBytes: 1 << 20,
  answerMs: 10_000,
  idleMs: 300_000,
  lingerMs: 500,
};

/** Octets of the header of a request or an answer, and its fields. */
export const MAX_HEADER_BYTES = 16_384;
export const MAX_HEADER_FIELDS = 64;
