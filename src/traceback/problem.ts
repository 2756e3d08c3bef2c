/** What is wrong with a request, and the HTTP status that it is refused with (RFC 9457). */
export const PROBLEMS = {
  'no-handshake': 403,
  'no-certificate': 403,
  'untrusted-certificate': 403,
  'unknown-peer': 403,
  'out-of-scope': 403,
  'no-ground': 403,
  'not-found': 404,
  'method-not-allowed': 405,
  replay: 409,
  loop: 409,
  'too-large': 413,
  'not-json': 415,
  malformed: 400,
  stale: 400,
  'quota-exceeded': 429,
  'too-slow': 408,
  busy: 503,
  late: 504,
  internal: 500,
} as const;
export type ProblemType = keyof typeof PROBLEMS;

/** A problem document is of this type: a URI reference to the page that says what it means. */
const PAGE = 'https://gluewall.invalid/problems/';

/** What a problem document says that it is of. */
export function problemUri(type: ProblemType): string {
  return `${PAGE}${type}`;
}

/** A problem document (RFC 9457 §3). */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
}

/** A request that is refused. What it says goes to the peer: nothing of the log, and nothing of other peers. */
export class Problem extends Error {
  readonly type: ProblemType;
  /** After which time it may be tried again; undefined: it would be refused again. */
  readonly retryAfterMs: number | undefined;

  constructor(type: ProblemType, detail: string, retryAfterMs?: number) {
    super(detail);
    this.name = 'Problem';
    this.type = type;
    this.retryAfterMs = retryAfterMs;
  }

  get document(): ProblemDocument {
    const title = this.type.replaceAll('-', ' ');
    return { type: problemUri(this.type), title, status: PROBLEMS[this.type], detail: this.message };
  }
}
