/**
 * The words that nodes speak to each other, as JSON: requests and answers of `confirm`, `traceback` and
 * `command-and-control`. The published schema (docs/traceback.schema.json) is made from here.
 */
import { z } from 'zod';
import { parseAddress } from '../core/address.ts';
import { canonicalName, parseName } from '../dns/name.ts';

/** What a node may be asked. */
export const REQUEST_KINDS = ['confirm', 'traceback', 'command-and-control'] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

export const MAX_HOPS = 16;
/** Of a window in all: in ones that are narrower, whoever asks for a name is unusual. */
export const MIN_WINDOW_MS = 2000;
export const MAX_WINDOW_MS = 3_600_000;
export const MIN_TIME_LIMIT_MS = 50;
export const MAX_TIME_LIMIT_MS = 600_000;
/** DNS servers that one request speaks of, and nodes, hosts, names and gaps that one answer does. */
export const MAX_SERVERS = 1024;
export const MAX_REPORTS = 256;
export const MAX_HOSTS = 64;
export const MAX_NAMES = 64;
export const MAX_GAPS = 2048;
/** Marks of an oblivious finding: hosts are filled up to a power of two, at most so many. */
export const MAX_MARKS = 4096;
/** Of what one node tells another in words. */
export const MAX_DETAIL_CHARACTERS = 500;

const text = z.string().max(MAX_DETAIL_CHARACTERS);
/** The DNS name in a node's certificate, in lower case. */
export const nodeName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, { error: 'want a host name in lower case' });
const instant = z.iso.datetime({ precision: 3 }).describe('a time of UTC with milliseconds');
/** However it is spelt (RFC 9562 §4). */
const uuid = z.uuid().toLowerCase();
const count = z.int().min(0).max(1_000_000_000);
const share = z.number().min(0).max(1);
const octets = (length: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${2 * length}}$`), { error: `want ${length} octets in lower-case hexadecimal` });

const address = z
  .string()
  .max(45)
  .refine((written) => parseAddress(written) !== undefined, { error: 'want an IPv4 or IPv6 address' });
/** A domain name in presentation form (RFC 9499). */
const domainName = z
  .string()
  .max(1024)
  .refine((written) => parseName(written) !== undefined, { error: 'want a domain name' });

const window = z
  .strictObject({
    beforeMs: z.int().min(0).max(MAX_WINDOW_MS),
    afterMs: z.int().min(0).max(MAX_WINDOW_MS),
  })
  .refine(({ beforeMs, afterMs }) => beforeMs + afterMs >= MIN_WINDOW_MS, {
    error: `want ${MIN_WINDOW_MS} ms in all at least`,
  })
  .describe(`beforeMs and afterMs make ${MIN_WINDOW_MS} at least`);
/** How long before and after the attack a host may have asked for the name. */
export type Window = z.infer<typeof window>;

const envelope = {
  request: uuid.describe('of this message alone: a node takes it once'),
  case: uuid.describe('the same at every hop; tests are made of it in lower case'),
  sentAt: instant,
  path: z
    .array(nodeName)
    .min(1)
    .max(MAX_HOPS)
    .describe('the nodes it came by, first who opened the case, last who sends'),
  hopLimit: z.int().min(0).max(MAX_HOPS).describe('how many more nodes may lie behind the one that is asked'),
  timeLimitMs: z.int().min(MIN_TIME_LIMIT_MS).max(MAX_TIME_LIMIT_MS).describe('how long the answer is waited for'),
  name: domainName.describe('what the victim is called'),
  at: instant.describe('when the attack began'),
  window,
  servers: z
    .array(address)
    .max(MAX_SERVERS)
    .describe(
      'the DNS servers of the node that is asked, as the one that asks has them in its log; none: it is asked for its zones',
    ),
};

/** Why hosts may be named (paper 1, 4.5): the confirmation said so, or somebody did who gave a reason. */
const ground = z.union([
  z.strictObject({ confirmed: z.literal('spoofed') }),
  z.strictObject({ override: z.string().trim().min(1).max(MAX_DETAIL_CHARACTERS) }),
]);
export type Ground = z.infer<typeof ground>;

/** One of two ways to ask whether an address asked for the name (decision 16). */
const test = z.union([
  z.strictObject({ hash: z.strictObject({ nonce: octets(32), tag: octets(32) }) }),
  z.strictObject({ oblivious: z.strictObject({ blinded: octets(32) }) }),
]);
export type ConfirmationTest = z.infer<typeof test>;

export const confirmRequest = z.strictObject({ kind: z.literal('confirm'), ...envelope, test });
export const tracebackRequest = z.strictObject({ kind: z.literal('traceback'), ...envelope, ground });
export const commandAndControlRequest = z.strictObject({
  kind: z.literal('command-and-control'),
  ...envelope,
  ground,
  hosts: z.array(address).min(1).max(MAX_HOSTS).describe('hosts that this case has named'),
  lookbackMs: z.int().min(60_000).max(3_600_000).describe('how long before the name is looked'),
});
export const nodeRequest = z.discriminatedUnion('kind', [confirmRequest, tracebackRequest, commandAndControlRequest]);
export type ConfirmRequest = z.infer<typeof confirmRequest>;
export type TracebackRequest = z.infer<typeof tracebackRequest>;
export type CommandAndControlRequest = z.infer<typeof commandAndControlRequest>;
export type NodeRequest = z.infer<typeof nodeRequest>;

/** Why a part of an answer is missing. */
export const GAP_REASONS = [
  'unknown server',
  'unreachable',
  'refused',
  'late',
  'hop limit',
  'loop',
  'nonsense',
  'too many',
  'no log',
] as const;
const gap = z.strictObject({
  reason: z.enum(GAP_REASONS),
  node: nodeName.optional().describe('who was asked, or who asked nobody'),
  server: address.optional().describe('whose log would have said more'),
  detail: text,
});
export type Gap = z.infer<typeof gap>;

/** Which way an answer came: first the node that was asked, last the one that says it. */
const path = z.array(nodeName).min(1).max(MAX_HOPS);

/** What one source says to a confirmation: `isAsked` is false where nobody asked for the name in the window. */
const finding = z.union([
  z.strictObject({ path, hash: z.strictObject({ isAsked: z.boolean(), isMatch: z.boolean() }) }),
  z.strictObject({
    path,
    oblivious: z.strictObject({
      isAsked: z.boolean(),
      evaluated: octets(32),
      marks: z.array(octets(16)).max(MAX_MARKS).describe('in order of their octets, filled up by random ones'),
    }),
  }),
]);
export type Finding = z.infer<typeof finding>;

/** A host that asked for the name in the window. */
const host = z.strictObject({
  address,
  name: z.string().max(255).optional().describe('what the source calls it'),
  firstAt: instant,
  lastAt: instant,
  queries: count,
  chance: share.describe('how likely a host that has no part in it asks for the name in such a window'),
  cases: z
    .array(share)
    .max(MAX_NAMES)
    .describe(
      'how likely it was in the windows of other cases of this source in which it asked; whose they are is not told',
    ),
  confidence: share.describe('by this source alone (decision 16)'),
});
export type ReportedHost = z.infer<typeof host>;

/** What one source found in its log. */
const report = z.strictObject({
  path,
  expected: z.number().min(0).max(1e9).describe('hosts expected in such a window by chance'),
  clients: count.describe('hosts that this source serves, as its log knows'),
  coveredMs: z.int().min(0).max(86_400_000).describe('how much of the day before the window its log covers'),
  otherCases: count.describe('other cases of late, to which hosts were compared'),
  hosts: z.array(host).max(MAX_HOSTS),
  withheld: count.describe('hosts that are not named, for too little speaks against them'),
});
export type SourceReport = z.infer<typeof report>;

/** A name that bots asked for before that of the victim. */
const suspect = z.strictObject({
  name: domainName,
  score: z.number().min(0).max(1e6).describe('how unusual, in bits'),
  hosts: z.array(address).max(MAX_HOSTS).describe('bots that asked for it'),
  cases: count,
  clients: count.describe('other clients that asked for it within a day'),
  beforeMs: z.int().min(0).max(86_400_000).describe('how long before the name of the victim, the shortest'),
  answers: z.array(address).max(MAX_NAMES),
  reasons: z.array(text).max(16),
});
export type Suspect = z.infer<typeof suspect>;
const suspectReport = z.strictObject({ path, names: z.array(suspect).max(MAX_NAMES) });
export type SuspectReport = z.infer<typeof suspectReport>;

const gaps = z.array(gap).max(MAX_GAPS);
export const confirmAnswer = z.strictObject({
  kind: z.literal('confirm'),
  case: uuid,
  findings: z.array(finding).max(MAX_REPORTS),
  gaps,
});
export const tracebackAnswer = z.strictObject({
  kind: z.literal('traceback'),
  case: uuid,
  reports: z.array(report).max(MAX_REPORTS),
  gaps,
});
export const commandAndControlAnswer = z.strictObject({
  kind: z.literal('command-and-control'),
  case: uuid,
  reports: z.array(suspectReport).max(MAX_REPORTS),
  gaps,
});
export const nodeAnswer = z.discriminatedUnion('kind', [confirmAnswer, tracebackAnswer, commandAndControlAnswer]);
export type ConfirmAnswer = z.infer<typeof confirmAnswer>;
export type TracebackAnswer = z.infer<typeof tracebackAnswer>;
export type NodeAnswer = z.infer<typeof nodeAnswer>;
/** The answer to a request of this type. */
export type AnswerTo<R extends NodeRequest> = Extract<NodeAnswer, { readonly kind: R['kind'] }>;

/** The name of a request as octets, in lower case. Only of a message that was checked. */
export function nameOf({ name }: Pick<NodeRequest, 'name'>) {
  return canonicalName(parseName(name)!);
}
