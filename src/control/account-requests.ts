/** Requests about users, their sessions and tokens, and the record of changes. */
import { z } from 'zod';
import { ROLES } from '../accounts/actor.ts';
import { MAX_SEARCH_CHARACTERS } from '../inbox/search-fields.ts';
import { instant } from './request-fields.ts';

/** The most changes on one page. */
export const MAX_CHANGE_ROWS = 500;
const MAX_NAME_CHARACTERS = 64;
/** What is longer is no password of anybody (`passwords.ts` says how long one may be). */
const MAX_SECRET_CHARACTERS = 1024;
const MAX_CLAIM_CHARACTERS = 512;

/** Whether such a user may be is said by the services: a name nobody has is no mistake of whoever signs in. */
const userName = z.string().min(1).max(MAX_NAME_CHARACTERS);
const label = z.string().trim().min(1).max(MAX_NAME_CHARACTERS);
const id = z.string().min(1).max(MAX_NAME_CHARACTERS);
const password = z.string().max(MAX_SECRET_CHARACTERS);
const secret = z.string().min(1).max(MAX_SECRET_CHARACTERS);
const role = z.enum(ROLES);
/** The address of the other end, as text. */
const from = z.string().min(1).max(MAX_NAME_CHARACTERS);
const claim = z.string().min(1).max(MAX_CLAIM_CHARACTERS);

const changePlace = z
  .string()
  .regex(/^\d{1,15}\.\d{1,15}$/, 'want what `next` of the page before said')
  .transform((text) => {
    const [atMs, row] = text.split('.');
    return { atMs: Number(atMs), id: Number(row) };
  });

export const accountRequests = [
  z.strictObject({ operation: z.literal('session open'), user: userName, password, from }),
  z.strictObject({
    operation: z.literal('session open oidc'),
    issuer: claim,
    subject: claim,
    name: userName,
    role,
    from,
  }),
  /** `peek`: not a use of it, such as a stream that stays open while nobody is there. */
  z.strictObject({ operation: z.literal('session check'), secret, from, peek: z.boolean().optional() }),
  z.strictObject({ operation: z.literal('session end'), secret }),
  z.strictObject({ operation: z.literal('session list') }),
  z.strictObject({ operation: z.literal('session revoke'), id }),
  z.strictObject({ operation: z.literal('setup link') }),
  z.strictObject({ operation: z.literal('setup'), secret, user: userName, password, from }),
  z.strictObject({ operation: z.literal('setup state') }),
  z.strictObject({ operation: z.literal('user list') }),
  z.strictObject({ operation: z.literal('user add'), name: userName, role, password }),
  z.strictObject({
    operation: z.literal('user change'),
    name: userName,
    role: role.optional(),
    password: password.optional(),
  }),
  z.strictObject({ operation: z.literal('user remove'), name: userName }),
  z.strictObject({ operation: z.literal('password change'), old: password, new: password }),
  z.strictObject({ operation: z.literal('token list') }),
  z.strictObject({
    operation: z.literal('token add'),
    name: label,
    role,
    /** Left out: it does not expire. */
    expires: instant.optional(),
  }),
  z.strictObject({ operation: z.literal('token remove'), id }),
  z.strictObject({ operation: z.literal('token check'), secret, from }),
  z.strictObject({ operation: z.literal('view list') }),
  z.strictObject({
    operation: z.literal('view save'),
    name: label,
    page: z.enum(['inbox', 'events']),
    search: z.string().max(MAX_SEARCH_CHARACTERS),
  }),
  z.strictObject({ operation: z.literal('view remove'), name: label }),
  z.strictObject({
    operation: z.literal('changes'),
    since: instant.optional(),
    until: instant.optional(),
    by: userName.optional(),
    of: z.string().min(1).max(MAX_NAME_CHARACTERS).optional(),
    subject: z.string().min(1).max(255).optional(),
    after: changePlace.optional(),
    limit: z.int().min(1).max(MAX_CHANGE_ROWS),
  }),
] as const;

export type AccountRequest = z.output<(typeof accountRequests)[number]>;

const ACCOUNT_OPERATIONS: ReadonlySet<string> = new Set(accountRequests.map(({ shape }) => shape.operation.value));

/** Whether a request is about users, their sessions and tokens, or the record of changes. */
export function isAccountRequest(request: { readonly operation: string }): request is AccountRequest {
  return ACCOUNT_OPERATIONS.has(request.operation);
}
