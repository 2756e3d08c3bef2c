/** The keys below `response`. */
import { z } from 'zod';
import { canonicalName, formatName, parseName } from '../dns/name.ts';
import { FINDING_KINDS } from '../findings/finding.ts';
import { TSIG_ALGORITHMS, type TsigAlgorithm } from '../rpz/tsig-key.ts';
import { address, duration, facts, listenAddress, neededPath, network, serverAddress, whole } from './fields.ts';
import { domainName } from './rule-fields.ts';

const MAX_PLACES = 64;
const MAX_RULES = 64;
const MAX_ARGUMENTS = 64;
const DEFAULT_ZONE = 'rpz.gluewall.internal';
const MAX_NETWORKS = 256;
const ACTIONS = ['rpz', 'quarantine-dns', 'quarantine'] as const;
const ALGORITHMS = Object.keys(TSIG_ALGORITHMS) as [TsigAlgorithm, ...TsigAlgorithm[]];

const argument = z
  .string()
  .max(4095)
  .refine((text) => !text.includes('\0'), { error: 'an argument has no zero octet' });

const rpzKeys = z.strictObject({
  zone: domainName
    .prefault(formatName(canonicalName(parseName(DEFAULT_ZONE)!)))
    .describe('The name of the zone, as the resolvers have it in their configuration')
    .meta(facts('domain name', DEFAULT_ZONE, 'one name')),
  file: neededPath
    .describe(
      'File that the zone is written to whenever it changes, and that keeps its serial, relative to this file; its folder must be there',
    )
    .meta(facts('path', 'none', '4095 characters')),
  reload: z
    .array(argument)
    .min(1)
    .max(MAX_ARGUMENTS)
    .optional()
    .describe(
      'Program, and its arguments, run after the file was written, such as [rndc, reload, ZONE]; no shell reads it',
    )
    .meta(facts('list of words', 'none is run', `${MAX_ARGUMENTS} words`)),
  listen: listenAddress
    .optional()
    .describe('Where resolvers get the zone by AXFR, TCP and UDP, such as 127.0.0.1:5354')
    .meta(facts('host:port', 'none: there is no listener', 'one address')),
  tsig: z
    .strictObject({
      name: domainName
        .describe('The name of the key, the same on both sides')
        .meta(facts('domain name', 'none', 'one name')),
      algorithm: z
        .enum(ALGORITHMS)
        .default('hmac-sha256')
        .describe('What signatures are made with')
        .meta(facts('word', 'hmac-sha256', ALGORITHMS.join(', '))),
      secret_file: neededPath
        .describe('File with the secret in Base64 alone in it, mode 0600, relative to this file')
        .meta(facts('path', 'none', '4095 characters')),
    })
    .optional(),
  unsigned: z
    .enum(['never', 'loopback'])
    .default('never')
    .describe(
      'Who gets the zone without a signature: nobody, or who asks from this machine, as Unbound must, which cannot sign',
    )
    .meta(facts('word', 'never', 'never, loopback')),
  notify: z
    .array(serverAddress)
    .max(MAX_PLACES)
    .default([])
    .describe('Secondaries that are told of each change (NOTIFY)')
    .meta(facts('addresses:ports', 'none', `${MAX_PLACES} addresses`)),
  keep: duration('How long what a person has escalated stays in the zone after it was last seen', {
    default: '7d',
    min: '1m',
    max: '365d',
  }),
});

const ruleKeys = z.strictObject({
  findings: z
    .array(z.enum(FINDING_KINDS))
    .min(1)
    .max(FINDING_KINDS.length)
    .describe('Which findings it acts on')
    .meta(facts('words', 'none', FINDING_KINDS.join(', '))),
  min_score: z
    .number()
    .min(0)
    .max(1)
    .describe('From which score on')
    .meta(facts('share', 'none', '0 to 1')),
  action: z
    .enum(ACTIONS)
    .describe(
      'rpz: what was found enters the Response Policy Zone; quarantine-dns, quarantine: the host sends no DNS, or nothing',
    )
    .meta(facts('word', 'none', ACTIONS.join(', '))),
  for: duration('How long: in the zone after it was last seen; a quarantine from its beginning, 18h at most', {
    default: '1d',
    min: '1m',
    max: '365d',
  }),
});

export const responseKeys = z
  .strictObject({
    rpz: rpzKeys.optional(),
    rules: z
      .array(ruleKeys)
      .max(MAX_RULES)
      .default([])
      .describe('What is done about findings without a person: nothing, unless a rule says so')
      .meta(facts('rules', 'none', `${MAX_RULES} rules`)),
    remediation: address
      .optional()
      .describe('Where a host may still send that a rule keeps from sending, such as a page that says what to do')
      .meta(facts('address', 'nowhere', 'one address')),
    never: z
      .array(network)
      .max(MAX_NETWORKS)
      .default([])
      .describe(
        'Hosts that no rule puts in quarantine, beside trusted resolvers, mail servers and what is not in inside.networks',
      )
      .meta(facts('networks', 'none', `${MAX_NETWORKS} networks`)),
    most_hosts: whole('Hosts that rules have in quarantine at once; beyond them there is a warning', 'hosts', {
      default: 20,
      min: 1,
      max: 1000,
    }),
  })
  .prefault({});
