/** The keys below `behaviour`. */
import { z } from 'zod';
import { DEFAULT_CORRELATION } from '../correlation/correlation-options.ts';
import { address, duration, facts, formatDuration, whole } from './fields.ts';
import { domainName } from './rule-fields.ts';

/** IFNAMSIZ of Linux counts the zero octet at the end. */
const MAX_INTERFACE_NAME = 15;
const MAX_INTERFACES = 64;
const MAX_MAIL_SERVERS = 256;

const mailServerKeys = z.strictObject({
  address: address
    .describe('A mail server of the inside, as the logs or the capture show it')
    .meta(facts('address', 'none', 'one address')),
  local_domain: domainName
    .optional()
    .describe(
      'The domain that its resolver adds to a name without a dot: names that do not exist begin so in backscatter',
    )
    .meta(facts('domain name', 'inside.zones', 'one name')),
});

export const behaviourKeys = z
  .strictObject({
    enabled: z
      .boolean()
      .optional()
      .describe('Whether what hosts do is looked at: evidence, groups of bots and their C&C (docs/bots.md)')
      .meta(facts('boolean', 'true where inside.networks is set', 'true, false')),
    client_side: z
      .strictObject({
        interfaces: z
          .array(z.string().min(1).max(MAX_INTERFACE_NAME))
          .max(MAX_INTERFACES)
          .default([])
          .describe(
            'Interfaces on which the frames of clients pass, between them and their resolver; DNS and TCP SYN are captured there, and nothing is learned',
          )
          .meta(facts('interfaces', 'none', `${MAX_INTERFACES} interfaces`)),
        dnstap: z
          .boolean()
          .default(false)
          .describe('Whether resolvers that write to dnstap.listen tell, with CLIENT_RESPONSE, what their clients got')
          .meta(facts('boolean', 'false', 'true, false')),
      })
      .prefault({}),
    hosts: whole('Hosts that are held at once; beyond them the one not seen for longest goes', 'hosts', {
      default: DEFAULT_CORRELATION.hosts,
      min: 1,
      max: 1_000_000,
    }),
    pairs: whole('Pairs of a host and what it contacted, held at once; the oldest go', 'pairs', {
      default: DEFAULT_CORRELATION.pairs,
      min: 1000,
      max: 20_000_000,
    }),
    half_life: duration('Evidence counts half after this time without more of it', {
      default: formatDuration(DEFAULT_CORRELATION.halfLifeMs),
      min: '1m',
      max: '30d',
    }),
    min_score: z
      .number()
      .min(0)
      .max(1)
      .default(DEFAULT_CORRELATION.minScore)
      .describe('The score from which on a host is said to be infected')
      .meta(facts('share', String(DEFAULT_CORRELATION.minScore), '0 to 1')),
    round: duration('How often hosts are judged and grouped', { default: '30s', min: '1s', max: '1h' }),
    mail_servers: z
      .array(mailServerKeys)
      .max(MAX_MAIL_SERVERS)
      .default([])
      .describe('Mail servers: what they ask is no sign of a spam bot, and they are watched for backscatter')
      .meta(facts('mail servers', 'none: found by what they ask', `${MAX_MAIL_SERVERS} servers`)),
  })
  .prefault({});
