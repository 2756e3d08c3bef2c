import { GLUE, TRUST } from './row-state.ts';

/** One sighting of a triple, in numbers of the history's tables; the learner fills the same object again and again. */
export interface Sighting {
  zone: number;
  nameServer: number;
  /** 0 for an NS record without glue. */
  address: number;
  nsTtlSeconds: number;
  glueTtlSeconds: number;
  /** Places in TRUSTS and GLUES. */
  trust: number;
  glue: number;
  /** It came from a server of a zone above: a referral, which says how long the zone is delegated. */
  isByParent: boolean;
  /** 0 when it cannot be named. */
  teacher: number;
  /** NaN when the response was believed without its query. */
  queryMs: number;
  queryId: number;
  /** The canonical name in question begins at `queryNameAt` of these octets. */
  queryOctets: Buffer;
  queryNameAt: number;
  /** When the response with the NS record came, milliseconds. */
  responseMs: number;
  /** When the address was seen: with it, or later in an answer of its own. */
  seenMs: number;
  /** For no longer than that, whatever the TTLs say, milliseconds. */
  untilMs: number;
}

/** What became of a sighting. */
export type Taking = 'new' | 'seen' | 'outranked' | 'over' | 'zone is full' | 'history is full';

/** One that says nothing yet, to be filled. */
export function emptySighting(): Sighting {
  return {
    zone: 0,
    nameServer: 0,
    address: 0,
    nsTtlSeconds: 0,
    glueTtlSeconds: 0,
    trust: TRUST.UNVERIFIED,
    glue: GLUE.NONE,
    isByParent: false,
    teacher: 0,
    queryMs: Number.NaN,
    queryId: 0,
    queryOctets: NO_NAME,
    queryNameAt: 0,
    responseMs: 0,
    seenMs: 0,
    untilMs: Number.POSITIVE_INFINITY,
  };
}

const NO_NAME = Buffer.alloc(1);
