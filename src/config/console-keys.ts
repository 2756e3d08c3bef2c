/** The keys below `console`. */
import { z } from 'zod';
import { duration, facts, listenAddress, neededPath, written } from './fields.ts';
import { LOOPBACK_HOST } from './plain-places.ts';
import { rangePattern } from './range-pattern.ts';

/** Where the console is without a configuration file. */
export const DEFAULT_CONSOLE = { host: '127.0.0.1', port: 8453 };

const MAX_ROLE_VALUES = 256;
const PORT = `(?::${rangePattern(1, 65535)})?`;
const HOST = '(?:\\[[0-9A-Fa-f:.]+\\]|[0-9A-Za-z._-]+)';

const WANT_PUBLIC = 'want https://HOST or https://HOST:PORT without a path; http only for loopback';
const PUBLIC_PATTERN = `https://${HOST}${PORT}/?|http://${LOOPBACK_HOST}${PORT}/?`;
const WANT_ISSUER = 'want https://HOST/… as its discovery document has it; http only for loopback';
const ISSUER_PATTERN = `https://${HOST}${PORT}(?:/[^?#\\s]*)?|http://${LOOPBACK_HOST}${PORT}(?:/[^?#\\s]*)?`;

/** A URL that a pattern describes, and that is one. */
function url(pattern: string, want: string) {
  return z
    .string({ error: want })
    .max(2048)
    .regex(new RegExp(`^(?:${pattern})$`), { error: want })
    .refine((text) => URL.canParse(text), { error: want })
    .meta(written(pattern, want));
}

function roleValues(role: string, may: string) {
  return z
    .array(z.string().min(1).max(512))
    .max(MAX_ROLE_VALUES)
    .default([])
    .describe(`Values of role_claim that make a user ${role}: ${may}`)
    .meta(facts('texts', 'none', `${MAX_ROLE_VALUES} values`));
}

const word = z.string().min(1).max(512);

const oidcKeys = z.strictObject({
  issuer: url(ISSUER_PATTERN, WANT_ISSUER)
    .describe('The OpenID provider, as its discovery document names it')
    .meta(facts('URL', 'none', 'https; http on loopback')),
  client_id: word.describe('What the provider calls this console').meta(facts('text', 'none', '512 characters')),
  client_secret_file: neededPath
    .describe('A file with the secret that the provider gave it, mode 0600, relative to this file')
    .meta(facts('path', 'none', '4095 characters')),
  name_claim: word
    .default('preferred_username')
    .describe('The claim that a user is called by')
    .meta(facts('text', 'preferred_username', '512 characters')),
  role_claim: word
    .default('groups')
    .describe('The claim, a text or a list of texts, by which a user gets his role; who has none of them stays out')
    .meta(facts('text', 'groups', '512 characters')),
  roles: z
    .strictObject({
      viewer: roleValues('viewer', 'he sees everything and changes nothing'),
      analyst: roleValues('analyst', 'he works through what was blocked, and allows'),
      admin: roleValues('admin', 'he may everything'),
    })
    .prefault({}),
  label: z
    .string()
    .min(1)
    .max(64)
    .default('Sign in with your organisation')
    .describe('What the button says')
    .meta(facts('text', 'Sign in with your organisation', '64 characters')),
});

export const consoleKeys = z
  .strictObject({
    listen: listenAddress
      .optional()
      .describe('Where browsers and programs reach the console; HTTPS with console.tls, and without it loopback only')
      .meta(facts('host:port', 'none; without a configuration file 127.0.0.1:8453', 'one address')),
    public_url: url(PUBLIC_PATTERN, WANT_PUBLIC)
      .optional()
      .describe('What the console is called by browsers where that is a name, or a proxy in front of it')
      .meta(facts('URL', 'where it listens', 'https; http on loopback')),
    tls: z
      .strictObject({
        key: neededPath
          .describe('Private key in PEM, mode 0600, relative to this file')
          .meta(facts('path', 'plain HTTP', '4095 characters')),
        certificate: neededPath
          .describe('Certificate of that key in PEM, and those between it and an authority that browsers know')
          .meta(facts('path', 'plain HTTP', '4095 characters')),
      })
      .optional(),
    session: z
      .strictObject({
        idle: duration('After this time without a request a session ends', { default: '30m', min: '1m', max: '1d' }),
        absolute: duration('After this time a session ends, however much it is used', {
          default: '12h',
          min: '5m',
          max: '30d',
        }),
      })
      .prefault({}),
    oidc: oidcKeys.optional(),
  })
  .prefault({});
