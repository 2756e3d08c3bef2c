/** How much one response, one zone or one client may teach; each refusal is counted under the name beside it. */

/** Most name servers of one delegation: no honest one has more. */
export const MAX_NAME_SERVERS = 20;
/** Most addresses of one name server in one response. */
export const MAX_ADDRESSES = 13;
/** Most triples that one response teaches. */
export const MAX_TRIPLES = 100;
/** Zones that one address answer completes or renews; what more there are wait for their next referral. */
export const MAX_JOINED_ZONES = 256;

export const CAP = {
  NAME_SERVERS: 'more name servers than one delegation may have',
  ADDRESSES: 'more addresses than one name server may have',
  TRIPLES: 'more triples than one response may teach',
  RECORDS: 'more records than one observation carries',
  ZONE: 'zone has as many rows as one may have',
  CLIENT: 'client has taught as much as one may',
  HISTORY: 'history is full',
  JOINED: 'more zones wait for one name server than are joined at once',
} as const;
