/** The keys of gluewall.yaml about who may ask what: rules, client groups, strictness. */
import { z } from 'zod';
import { duration, facts, whole } from './fields.ts';
import { client, destination, domainName, instant, member, recordType, word } from './rule-fields.ts';

/** Groups beside the default one, and client selectors of all groups together. */
export const MAX_GROUPS = 255;
export const MAX_GROUP_CLIENTS = 4096;
export const MAX_RULES = 65_536;
export const strictnessKeys = z.strictObject({
  check: z
    .enum(['address', 'zone'])
    .default('address')
    .describe(
      'address: a known address may be asked anything; zone: only names in a zone that the history knows it to serve, judged query by query',
    )
    .meta(facts('word', 'address', 'address, zone')),
  minimum_age: duration('How long an address must have been known before it may be asked', {
    default: '0',
    min: '0',
    max: '30d',
  }),
  minimum_zones: whole('How many zones an address must be known to serve', 'zones', { default: 1, min: 1, max: 64 }),
  minimum_teachers: whole('How many servers must have taught an address', 'servers', { default: 1, min: 1, max: 64 }),
  recursion: z
    .enum(['ignore', 'alarm', 'block'])
    .default('ignore')
    .describe('What becomes of queries with RD set to a server that is known as an authoritative one only')
    .meta(facts('word', 'ignore', 'ignore, alarm, block')),
});

export const groupKeys = z
  .array(
    z.strictObject({
      name: word.describe('Name of the group').meta(facts('word', 'none', '63 characters')),
      clients: z
        .array(member)
        .min(1)
        .max(MAX_GROUP_CLIENTS)
        .describe('Who is in it: addresses, networks, mac:ADDRESS, port:NAME of a switch')
        .meta(facts('clients', 'none', `${MAX_GROUP_CLIENTS} in all groups`)),
      mode: z
        .enum(['monitor', 'enforce'])
        .optional()
        .describe('As `mode`, for these clients')
        .meta(facts('word', 'that of `mode`', 'monitor, enforce')),
      strictness: strictnessKeys.optional().describe('As `strictness`, for these clients'),
    }),
  )
  .max(MAX_GROUPS)
  .default([])
  .describe('Clients that are treated in their own way; the first group that has a client is its group')
  .meta(facts('groups', 'none', `${MAX_GROUPS} groups`));

export const ruleKeys = z
  .array(
    z.strictObject({
      action: z
        .enum(['allow', 'deny'])
        .describe('What becomes of a query that matches')
        .meta(facts('word', 'none', 'allow, deny')),
      from: client
        .optional()
        .describe('Whose queries: an address, a network, mac:ADDRESS, port:NAME or group:NAME')
        .meta(facts('clients', 'all', 'one')),
      to: destination
        .optional()
        .describe('Where to: an address, a network, pack:NAME, or name:NAME of a name server, looked up in the history')
        .meta(facts('destinations', 'all', 'one')),
      zone: domainName
        .optional()
        .describe('Query names at or below this one')
        .meta(facts('name', 'all', 'one')),
      types: z
        .array(recordType)
        .min(1)
        .max(64)
        .optional()
        .describe('RR types of the question')
        .meta(facts('types', 'all', '64 types')),
      protocol: z
        .enum(['udp', 'tcp'])
        .optional()
        .describe('Over what')
        .meta(facts('word', 'both', 'udp, tcp')),
      reason: z
        .string()
        .trim()
        .min(1)
        .max(500)
        .describe('Why; shown with every verdict of the rule')
        .meta(facts('text', 'none', '500 characters')),
      owner: z
        .string()
        .max(64)
        .default('')
        .describe('Who answers for it')
        .meta(facts('text', 'empty', '64 characters')),
      expires: instant
        .optional()
        .describe('When it ends, with a zone: 2027-01-31T18:00:00Z')
        .meta(facts('time', 'never', 'one')),
    }),
  )
  .max(MAX_RULES)
  .default([])
  .describe(
    'Who may ask what; the first that holds decides, in this order: deny, allow, deny of a pack, then the history',
  )
  .meta(facts('rules', 'none', `${MAX_RULES} rules`));
