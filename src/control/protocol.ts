/**
 * The words spoken on the control socket: one JSON object a line. A request is answered by any number of items and then
 * one reply.
 */
import { z } from 'zod';
import { parseAddress } from '../core/address.ts';
import { canonicalName, parseName } from '../dns/name.ts';
import type { LookupTarget } from '../services/lookup.ts';
import { tripleRow } from '../services/triple-view.ts';

/** No line, and so no request, is longer. */
export const MAX_REQUEST_BYTES = 1024 * 1024;
/** The most rows of one `history import`: well within a request, and some three milliseconds' work. */
export const MAX_IMPORT_ROWS = 100;
export const MAX_REASON_CHARACTERS = 500;
/** The most events one request asks for. */
export const MAX_EVENTS = 1_000_000;

const address = z.string().transform((text, context) => {
  const parsed = parseAddress(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: `"${text}" is no IPv4 or IPv6 address` });
  return z.NEVER;
});

const name = z.string().transform((text, context) => {
  const parsed = parseName(text);
  if (parsed !== undefined) return canonicalName(parsed);
  context.addIssue({ code: 'custom', message: `"${text}" is no domain name` });
  return z.NEVER;
});

const target = z.string().transform((text, context): LookupTarget => {
  const asAddress = parseAddress(text);
  if (asAddress !== undefined) return { kind: 'address', address: asAddress };
  const asName = parseName(text);
  if (asName !== undefined) return { kind: 'name', name: canonicalName(asName) };
  context.addIssue({ code: 'custom', message: `"${text}" is neither an IP address nor a domain name` });
  return z.NEVER;
});

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const controlRequest = z.discriminatedUnion('operation', [
  z.strictObject({ operation: z.literal('lookup'), target }),
  z.strictObject({
    operation: z.literal('check'),
    destination: address,
    client: address.optional(),
    queryName: name.optional(),
  }),
  z.strictObject({ operation: z.literal('history list'), zone: name.optional() }),
  z.strictObject({
    operation: z.literal('history import'),
    rows: z.array(tripleRow).max(MAX_IMPORT_ROWS),
    endsWarmup: z.boolean(),
  }),
  z.strictObject({
    operation: z.literal('allow add'),
    address,
    reason: z.string().trim().min(1).max(MAX_REASON_CHARACTERS),
    owner: z.string().max(64),
    /** Left out: it does not expire. */
    expires: instant.optional(),
  }),
  z.strictObject({ operation: z.literal('allow remove'), address }),
  z.strictObject({ operation: z.literal('allow list') }),
  z.strictObject({
    operation: z.literal('events'),
    since: instant.optional(),
    client: address.optional(),
    destination: address.optional(),
    limit: z.int().min(0).max(MAX_EVENTS),
    follow: z.boolean(),
  }),
  z.strictObject({ operation: z.literal('status') }),
]);

/** A request as it travels: addresses, names and times as text. */
export type ControlRequest = z.input<typeof controlRequest>;
/** A request as the services take it. */
export type ParsedRequest = z.output<typeof controlRequest>;

/** The request, or what is wrong with it. */
export function parseRequest(json: unknown): ParsedRequest | string {
  const parsed = controlRequest.safeParse(json);
  if (parsed.success) return parsed.data;
  return parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
}

/** One line of an answer; the first that is no item is the last. */
export type ControlReply =
  | { readonly item: unknown }
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: { readonly code: string; readonly message: string } };
