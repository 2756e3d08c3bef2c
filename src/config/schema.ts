/** Every key of gluewall.yaml, with its default and limit. docs/configuration.md is made from this. */
import { z } from 'zod';
import { RULE_NAMES } from '../nsdb/rules/list.ts';
import { behaviourKeys } from './behaviour-keys.ts';
import { consoleKeys } from './console-keys.ts';
import { dnstapKeys } from './dnstap-keys.ts';
import { address, capturePlace, duration, facts, macAddress, neededPath, network, whole } from './fields.ts';
import { clientKeys } from './identity-keys.ts';
import { metricsKeys } from './metrics-keys.ts';
import { nodeKeys } from './node-keys.ts';
import { openflowKeys } from './openflow-keys.ts';
import { listKeys, packsKeys } from './packs-keys.ts';
import { groupKeys, ruleKeys, strictnessKeys } from './policy-keys.ts';
import { queryLogKeys } from './querylog-keys.ts';
import { responseKeys } from './response-keys.ts';
import { domainName } from './rule-fields.ts';
import { storeKeys } from './store-keys.ts';

/** OFPP_MAX is 0xffffff00 (OpenFlow 1.3.5 §7.2.1); the numbers from there on are reserved. */
const MAX_PORT = 0xffffff00 - 1;

/** IFNAMSIZ of Linux counts the zero octet at the end. */
export const MAX_INTERFACE_NAME = 15;

const path = neededPath.optional();

/** 64 bits in hex, as `gluewall status` shows it. */
const datapathId = z.string().regex(/^[0-9a-f]{16}$/, { error: 'want a datapath id: 16 hex digits in lower case' });

export const configSchema = z.strictObject({
  mode: z
    .enum(['monitor', 'enforce'])
    .default('monitor')
    .describe('monitor: every query passes and the verdict is only told; enforce: unknown destinations are blocked')
    .meta(facts('word', 'monitor', 'monitor, enforce')),
  on_failure: z
    .enum(['open', 'closed'])
    .default('open')
    .describe('What becomes of unknown direct queries while no controller answers: let them pass, or drop them')
    .meta(facts('word', 'open', 'open, closed')),
  warmup: duration('How long the history learns before enforce blocks anything; until then it acts as monitor', {
    default: '48h',
    min: '0',
    max: '30d',
  }),
  inside: z
    .strictObject({
      networks: z
        .array(network)
        .max(1024)
        .default([])
        .describe('The protected networks; traffic to them is never outbound')
        .meta(facts('networks', 'none', '1024 networks')),
      zones: z
        .array(domainName)
        .max(1024)
        .default([])
        .describe('Zones of the site itself: names in them are never C&C, and never in a Response Policy Zone')
        .meta(facts('domain names', 'none', '1024 names')),
    })
    .prefault({}),
  outside: z
    .strictObject({
      ports: z
        .array(
          z.union([z.string().min(1), z.int().min(1).max(MAX_PORT)], {
            error: `want a port name, or an OpenFlow number from 1 to ${MAX_PORT}`,
          }),
        )
        .max(64)
        .default([])
        .describe('Bridge ports towards the Internet, by name or OpenFlow number; what enters there is never outbound')
        .meta(facts('ports', 'none', '64 ports')),
    })
    .prefault({}),
  trusted_resolvers: z
    .array(address)
    .max(256)
    .default([])
    .describe('Full-service resolvers whose queries, and queries to which, pass without a verdict')
    .meta(facts('addresses', 'none', '256 addresses')),
  allow: z
    .array(address)
    .max(65536)
    .default([])
    .describe('Destinations that may always be queried')
    .meta(facts('addresses', 'none', '65536 addresses, `allow add` included')),
  groups: groupKeys,
  strictness: strictnessKeys.prefault({}),
  rules: ruleKeys,
  packs: packsKeys,
  lists: listKeys,
  teach: z
    .enum(['resolvers', 'chain', 'matched'])
    .optional()
    .describe(
      'Whose responses teach: those to trusted resolvers; those of servers known to serve a zone above, from the root hints down; or any that matches a query that left',
    )
    .meta(facts('word', 'resolvers when any is configured, else matched', 'resolvers, chain, matched')),
  root_hints: path
    .describe('Root hints file in the form of named.root, relative to this file')
    .meta(facts('path', 'built-in list', '4095 characters')),
  seed: z
    .array(address)
    .max(1_000_000)
    .default([])
    .describe('Addresses in the history from the start, never expiring; for demonstration and measurement')
    .meta(facts('addresses', 'none', '1000000 addresses')),
  openflow: openflowKeys,
  capture: z
    .strictObject({
      interfaces: z
        .array(z.string().min(1).max(MAX_INTERFACE_NAME))
        .max(64)
        .optional()
        .describe('Interfaces to capture on')
        .meta(facts('interfaces', 'the outside ports given by name, none with openflow.learn', '64 interfaces')),
      fallback: duration(
        'When a source of the history has been gone for so long, enforce falls back to monitor until it is back; 0 for never',
        { default: '1h', min: '0', max: '30d' },
      ),
      direction: z
        .enum(['port', 'networks'])
        .default('port')
        .describe('How to tell what left: port asks the interface; networks goes by the source (for a mirror port)')
        .meta(facts('word', 'port', 'port, networks')),
      syns: z
        .boolean()
        .default(false)
        .describe('Also capture what begins and accepts TCP connections (SYN), for reports of DNS and TCP')
        .meta(facts('true or false', 'false', 'true, false')),
      listen: capturePlace
        .optional()
        .describe(
          'Where `gluewall run` takes what `gluewall capture` sends, and captures nothing itself: a unix socket, made with mode 0600, or HOST:PORT, by TLS with a certificate at both ends',
        )
        .meta(facts('path or host:port', 'none: it captures itself', 'one place')),
      tls: z
        .strictObject({
          key: neededPath
            .describe(
              'Private key in PEM, mode 0600, relative to this file; of `gluewall run` or of `gluewall capture`',
            )
            .meta(facts('path', 'none', '4095 characters')),
          certificate: neededPath
            .describe('Certificate of that key in PEM, and those between it and the authority that the other end knows')
            .meta(facts('path', 'none', '4095 characters')),
          ca: neededPath
            .describe(
              'Certificates in PEM of the authorities that the other end has its own from; it is refused otherwise',
            )
            .meta(facts('path', 'none', '4095 characters')),
        })
        .optional(),
    })
    .prefault({}),
  dnstap: dnstapKeys.prefault({}),
  events: z
    .strictObject({
      allowed_every: duration(
        'An allowed query for the same name, by the same client to the same server, is told again after this time',
        { default: '10m', min: '0', max: '1d' },
      ),
    })
    .prefault({}),
  install: z
    .strictObject({
      default: z
        .enum(['reactive', 'proactive'])
        .default('reactive')
        .describe(
          'reactive: an allow flow is made when a server is first asked; proactive: switches hold the history as flows, the most used first, up to allow_flow.total',
        )
        .meta(facts('word', 'reactive', 'reactive, proactive')),
      proactive: z
        .array(datapathId)
        .max(1024)
        .default([])
        .describe('Datapath ids of switches that are proactive whatever the default')
        .meta(facts('datapath ids', 'none', '1024 switches')),
      reactive: z
        .array(datapathId)
        .max(1024)
        .default([])
        .describe('Datapath ids of switches that are reactive whatever the default')
        .meta(facts('datapath ids', 'none', '1024 switches')),
    })
    .prefault({}),
  hold: z
    .strictObject({
      time: duration('How long the verdict on an unknown destination waits for the referral that may name it', {
        default: '50ms',
        min: '0',
        max: '1s',
      }),
      packets: whole('Queries held at once', 'packets', { default: 1024, min: 0, max: 65536 }),
      bytes: whole('Octets of queries held at once', 'octets', { default: 1 << 20, min: 0, max: 1 << 26 }),
    })
    .prefault({}),
  allow_flow: z
    .strictObject({
      total: whole('Allow flows per switch; beyond it the one used longest ago makes room', 'flows', {
        default: 65536,
        min: 0,
        // More than twice as many could not be read back from a switch within the limits on a reply.
        max: 131_072,
      }),
      all_switches: whole('Allow flows of all switches together; likewise', 'flows', {
        default: 1_048_576,
        min: 0,
        max: 16_777_216,
      }),
    })
    .prefault({}),
  drop_flow: z
    .strictObject({
      life: duration('How long a drop flow lasts; whole seconds', { default: '10s', min: '1s', max: '15s' }),
      per_client: whole(
        'Drop flows per client and switch; beyond it one flow drops all the client is not allowed',
        'flows',
        {
          default: 16,
          min: 1,
          max: 16_777_216,
        },
      ),
      total: whole('Drop flows per switch; beyond it blocked queries are dropped one by one', 'flows', {
        default: 8192,
        min: 0,
        max: 16_777_216,
      }),
    })
    .prefault({}),
  copy: z
    .strictObject({
      observed_rate: whole('Copies of forwarded queries sent to the controller in monitor mode', 'packets/s', {
        default: 5000,
        min: 1,
        max: 1_000_000,
      }),
      allowed_rate: whole(
        'Copies of queries that an allow flow lets pass, from which events of allowed queries are made; 0 for none',
        'packets/s',
        { default: 1000, min: 0, max: 1_000_000 },
      ),
      blocked_rate: whole('Copies of queries that a drop flow drops', 'packets/s', {
        default: 100,
        min: 1,
        max: 1_000_000,
      }),
    })
    .prefault({}),
  ask: z
    .strictObject({
      rate: whole(
        'Queries without a verdict that one switch sends to the controller; its meter, which counts copies too, is set to this and both copy rates',
        'packets/s',
        {
          default: 5000,
          min: 1,
          max: 1_000_000,
        },
      ),
      waiting: whole('Queries of one port that may wait for the controller', 'packets', {
        default: 256,
        min: 1,
        max: 65536,
      }),
    })
    .prefault({}),
  ttl: z
    .strictObject({
      floor: duration('No record counts for less', { default: '60s', min: '1s', max: '1d' }),
      cap: duration('No record counts for more', { default: '7d', min: '1s', max: '30d' }),
    })
    .prefault({}),
  glue: z
    .strictObject({
      wait: duration('How long an NS record without glue waits for its address', {
        default: '2s',
        min: '0',
        max: '60s',
      }),
    })
    .prefault({}),
  learn: z
    .strictObject({
      rules_off: z
        .array(z.enum(RULE_NAMES))
        .max(RULE_NAMES.length)
        .default([])
        .describe('Rules about what may be learned that are switched off; docs/learning.md says what each is for')
        .meta(facts('words', 'none', RULE_NAMES.join(', '))),
      client_quota: whole(
        'New triples that the exchanges of one client, not a trusted resolver, may teach in a minute; 0 for any number',
        'triples/min',
        { default: 600, min: 0, max: 1_000_000 },
      ),
      inside_servers: z
        .boolean()
        .default(false)
        .describe('Whether addresses of the inside networks may be learned as name servers')
        .meta(facts('boolean', 'false', 'true, false')),
      resolver_links: z
        .array(
          z.strictObject({
            address: address.describe('A trusted resolver').meta(facts('address', 'none', 'one address')),
            mac: macAddress
              .describe('The MAC address its frames have on the captured interface')
              .meta(facts('MAC address', 'none', 'six octets in hex, colons between')),
            vlan: z
              .int()
              .min(0)
              .max(4094)
              .optional()
              .describe('The VLAN its frames have there')
              .meta(facts('VLAN', 'any', '0 to 4094')),
          }),
        )
        .max(256)
        .default([])
        .describe('Trusted resolvers that are believed only from this MAC address and VLAN')
        .meta(facts('bindings', 'none', '256 bindings')),
    })
    .prefault({}),
  pending: z
    .strictObject({
      time: duration('How long a query waits for its response', { default: '5s', min: '100ms', max: '60s' }),
      size: whole('Queries that wait at once', 'queries', { default: 65536, min: 1, max: 1_000_000 }),
    })
    .prefault({}),
  history: z
    .strictObject({
      size: whole(
        'Triples (zone, name server, address) held, those that have expired and are remembered among them',
        'triples',
        {
          default: 1_000_000,
          min: 1,
          max: 10_000_000,
        },
      ),
      keep: duration('How long a triple is remembered after it has expired; it makes room for new ones', {
        default: '7d',
        min: '0',
        max: '365d',
      }),
      stale: duration('How long an address may still be queried after it has expired, told as stale each time', {
        default: '0',
        min: '0',
        max: '7d',
      }),
    })
    .prefault({}),
  clients: clientKeys,
  store: storeKeys,
  querylog: queryLogKeys.prefault({}),
  node: nodeKeys,
  behaviour: behaviourKeys,
  response: responseKeys,
  eve: z
    .strictObject({
      file: path
        .describe(
          'File to which each verdict is appended as a line of JSON (docs/events), relative to this file; SIGHUP opens it anew',
        )
        .meta(facts('path', 'none is written', '4095 characters')),
    })
    .prefault({}),
  control: z
    .strictObject({
      socket: z
        .string()
        .min(1)
        .max(107)
        .optional()
        .describe('Unix socket of the command line, made with mode 0600')
        .meta(facts('path', '/run/gluewall.sock for root, else gluewall.sock in $XDG_RUNTIME_DIR', '107 octets')),
    })
    .prefault({}),
  metrics: metricsKeys,
  console: consoleKeys,
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error'])
        .default('info')
        .describe('The least severity that is logged')
        .meta(facts('word', 'info', 'debug, info, warn, error')),
      rate: whole('Verdicts logged; beyond a backlog of 8192 they are counted, not logged', 'lines/s', {
        default: 1000,
        min: 10,
        max: 100_000,
      }),
    })
    .prefault({}),
});

/** The configuration as the program uses it: durations in milliseconds, addresses and networks parsed. */
export type Config = z.output<typeof configSchema>;
