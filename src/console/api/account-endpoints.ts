import { z } from '@hono/zod-openapi';
import { ROLES } from '../../accounts/actor.ts';
import { MAX_SEARCH_CHARACTERS } from '../../inbox/search-fields.ts';
import type { NewToken, SavedViewView, TokenView, UserView } from '../../services/account-views.ts';
import { type ApiApp, answerOne } from '../api-app.ts';
import {
  addEndpoint,
  askedInstant,
  giveItems,
  giveNothing,
  giveOne,
  instant,
  listOf,
  viewSchema,
  word,
  words,
} from './common.ts';

const MAX_NAME_CHARACTERS = 64;
const MAX_PASSWORD_CHARACTERS = 1024;

const name = word.max(MAX_NAME_CHARACTERS);
const label = words(MAX_NAME_CHARACTERS);
const password = z.string().max(MAX_PASSWORD_CHARACTERS);
const role = z.enum(ROLES);
const byName = z.strictObject({ name });

const userView = viewSchema<UserView>()(
  z
    .object({
      name: z.string(),
      role,
      origin: z.enum(['local', 'oidc']),
      created: instant,
      lastSignIn: instant.nullable(),
      isLocked: z.boolean(),
    })
    .meta({ id: 'User' }),
);

const tokenParts = {
  id: z.string(),
  name: z.string(),
  user: z.string(),
  role,
  created: instant,
  expires: instant.nullable(),
  lastUsed: instant.nullable(),
};
const tokenView = viewSchema<TokenView>()(z.object(tokenParts).meta({ id: 'Token' }));
const newToken = viewSchema<NewToken>()(
  z.object({ ...tokenParts, secret: z.string().describe('shown this once') }).meta({ id: 'NewToken' }),
);

const page = z.enum(['inbox', 'events']);
const savedView = viewSchema<SavedViewView>()(
  z.object({ name: z.string(), page, search: z.string(), created: instant }).meta({ id: 'SavedView' }),
);

const USER_EXAMPLE: z.input<typeof userView> = {
  name: 'ann',
  role: 'analyst',
  origin: 'local',
  created: '2026-11-22T08:00:00.000Z',
  lastSignIn: null,
  isLocked: false,
};
const TOKEN_EXAMPLE: z.input<typeof tokenView> = {
  id: '7c1e09ab',
  name: 'nightly report',
  user: 'ann',
  role: 'viewer',
  created: '2026-11-22T08:00:00.000Z',
  expires: '2027-11-22T08:00:00.000Z',
  lastUsed: null,
};

/** Users, their tokens and saved searches. */
export function addAccountEndpoints(api: ApiApp): void {
  addUsers(api);
  addTokens(api);
  addViews(api);
}

function addUsers(api: ApiApp): void {
  const shared = { subject: 'accounts', role: 'admin' } as const;
  const problems = { 'user-unknown': 'there is none of this name' };
  addEndpoint(
    api,
    {
      ...shared,
      method: 'get',
      path: '/users',
      summary: 'All users',
      answer: listOf(userView),
      example: { items: [USER_EXAMPLE], next: null },
    },
    (c) => giveItems(c, { operation: 'user list' }),
  );
  addEndpoint(
    api,
    {
      ...shared,
      method: 'post',
      path: '/users',
      summary: 'Add a user who signs in with a password',
      body: z.strictObject({ name, role, password }),
      bodyExample: { name: 'ann', role: 'analyst', password: 'correct horse battery staple' },
      answer: userView,
      example: USER_EXAMPLE,
      status: 201,
      answerHeaders: { Location: 'the user' },
      problems: {
        'user-refused': 'there is one of this name, or the name does not do',
        'password-refused': 'the password does not do',
      },
    },
    async (c, { body }) => {
      const user = (await answerOne(c, { operation: 'user add', ...body })) as UserView;
      return c.json(user, 201, { Location: `/api/v1/users/${encodeURIComponent(user.name)}` });
    },
  );
  addEndpoint(
    api,
    {
      ...shared,
      method: 'patch',
      path: '/users/{name}',
      summary: 'Change the role or the password of a user',
      params: byName,
      body: z.strictObject({ role: role.optional(), password: password.optional() }),
      bodyExample: { role: 'viewer' },
      answer: userView,
      example: { ...USER_EXAMPLE, role: 'viewer' },
      problems: {
        ...problems,
        'password-refused': 'the password does not do',
        'user-refused': 'nobody would be left to be admin',
      },
    },
    (c, { params, body }) => giveOne(c, { operation: 'user change', name: params.name, ...body }),
  );
  addEndpoint(
    api,
    {
      ...shared,
      method: 'delete',
      path: '/users/{name}',
      summary: 'Remove a user, with sessions and tokens',
      params: byName,
      status: 204,
      answer: undefined,
      problems: { ...problems, 'user-refused': 'nobody would be left to be admin' },
    },
    (c, { params }) => giveNothing(c, { operation: 'user remove', name: params.name }),
  );
}

function addTokens(api: ApiApp): void {
  const shared = { subject: 'accounts', role: 'viewer' } as const;
  addEndpoint(
    api,
    {
      ...shared,
      method: 'get',
      path: '/tokens',
      summary: 'Your tokens; for an admin, those of all',
      answer: listOf(tokenView),
      example: { items: [TOKEN_EXAMPLE], next: null },
    },
    (c) => giveItems(c, { operation: 'token list' }),
  );
  addEndpoint(
    api,
    {
      ...shared,
      method: 'post',
      path: '/tokens',
      summary: 'Make a token of at most your own role; a token cannot make another',
      body: z.strictObject({ name: label, role, expires: askedInstant.optional().describe('left out: never') }),
      bodyExample: { name: 'nightly report', role: 'viewer', expires: '2027-11-22T08:00:00Z' },
      answer: newToken,
      example: { ...TOKEN_EXAMPLE, secret: 'gw_…' },
      status: 201,
      problems: { 'token-exists': 'you have one of this name' },
    },
    (c, { body }) => giveOne(c, { operation: 'token add', ...body }, 201),
  );
  addEndpoint(
    api,
    {
      ...shared,
      method: 'delete',
      path: '/tokens/{id}',
      summary: 'Remove a token: it opens nothing from then on',
      params: z.strictObject({ id: name }),
      status: 204,
      answer: undefined,
      problems: { 'token-unknown': 'there is none of yours with this id' },
    },
    (c, { params }) => giveNothing(c, { operation: 'token remove', id: params.id }),
  );
}

function addViews(api: ApiApp): void {
  const shared = { subject: 'accounts', role: 'viewer' } as const;
  addEndpoint(
    api,
    { ...shared, method: 'get', path: '/views', summary: 'Your saved searches', answer: listOf(savedView) },
    (c) => giveItems(c, { operation: 'view list' }),
  );
  addEndpoint(
    api,
    {
      ...shared,
      method: 'put',
      path: '/views/{name}',
      summary: 'Save a search under a name',
      params: z.strictObject({ name: label }),
      body: z.strictObject({ page, search: z.string().max(MAX_SEARCH_CHARACTERS) }),
      bodyExample: { page: 'inbox', search: 'severity:high since:2h' },
      answer: savedView,
      problems: { 'view-full': 'you have as many as you may have' },
    },
    (c, { params, body }) => giveOne(c, { operation: 'view save', name: params.name, ...body }),
  );
  addEndpoint(
    api,
    {
      ...shared,
      method: 'delete',
      path: '/views/{name}',
      summary: 'Forget a saved search',
      params: z.strictObject({ name: label }),
      status: 204,
      answer: undefined,
      problems: { 'view-unknown': 'there is none of this name' },
    },
    (c, { params }) => giveNothing(c, { operation: 'view remove', name: params.name }),
  );
}
