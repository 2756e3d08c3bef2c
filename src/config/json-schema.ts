import { z } from 'zod';
import type { KeyFacts } from './fields.ts';
import { LOOPBACK_HOST } from './plain-places.ts';
import { configSchema } from './schema.ts';

/**
 * The JSON Schema (2020-12) of the configuration as it is written, for editors. What it cannot say, and only reading the
 * file finds: bits set beyond the length of a network, ttl.floor above ttl.cap, console.session.idle above its absolute, a
 * console.oidc that gives nobody a role, a drop_flow.life of broken seconds, more
 * switches in openflow.connect than openflow.switches, what is in brackets but no IPv6 address, two lists or
 * two groups of one name.
 */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(configSchema, {
    target: 'draft-2020-12',
    io: 'input',
    override: ({ jsonSchema }) => showFacts(jsonSchema),
  });
  return {
    $schema: schema.$schema,
    title: 'gluewall.yaml',
    description: 'The configuration of gluewall, an inline DNS firewall for Open vSwitch',
    ...schema,
    allOf: [
      needs(['mode'], { const: 'enforce' }, [
        ['inside', 'networks'],
        ['outside', 'ports'],
      ]),
      needs(['groups'], { contains: under(['mode'], { const: 'enforce' }) }, [
        ['inside', 'networks'],
        ['outside', 'ports'],
      ]),
      needs(['openflow', 'learn'], { const: true }, [
        ['inside', 'networks'],
        ['outside', 'ports'],
      ]),
      needs(['teach'], { const: 'resolvers' }, [['trusted_resolvers']]),
      needs(['behaviour', 'client_side', 'interfaces'], { minItems: 1 }, [['inside', 'networks']]),
      ...CONNECTIONS,
      CAPTURE,
      CONSOLE,
      CLIENT_SIDE,
      DNSTAP,
      ...STORE,
    ],
  };
}

/** What an editor shows beside a key: default and limit are text, for some depend on the machine. */
function showFacts(jsonSchema: z.core.JSONSchema.BaseSchema): void {
  const facts = jsonSchema.facts as KeyFacts | undefined;
  if (facts === undefined) return;
  delete jsonSchema.facts;
  jsonSchema.description = `${jsonSchema.description}. Unit: ${facts.unit}. Default: ${facts.default}. Limit: ${facts.limit}.`;
}

type JsonSchema = Readonly<Record<string, unknown>>;

/** Where `key` is as `value` wants it, the lists must not be empty. */
function needs(key: readonly string[], value: JsonSchema, lists: readonly (readonly string[])[]): JsonSchema {
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  return { if: under(key, value), then: { allOf: lists.map((list) => under(list, { minItems: 1 })) } };
}

const WITH_TLS = under(['openflow', 'tls'], {});
const PLAIN_ANYWHERE = under(['openflow', 'plain'], { const: 'anywhere' });

/** Without TLS OpenFlow stays on loopback unless the configuration says otherwise, and `ssl:` needs a key. */
const CONNECTIONS: readonly JsonSchema[] = [
  { anyOf: [WITH_TLS, PLAIN_ANYWHERE, ofOpenflow('listen', { pattern: `^${LOOPBACK_HOST}:[0-9]+$` })] },
  { anyOf: [PLAIN_ANYWHERE, ofOpenflow('connect', each({ pattern: `^(?:ssl:|tcp:${LOOPBACK_HOST}(?::[0-9]+)?$)` }))] },
  { anyOf: [WITH_TLS, ofOpenflow('connect', each({ pattern: '^tcp:' }))] },
];

/** An address is served by TLS alone; a unix socket is no address. */
const CAPTURE: JsonSchema = {
  anyOf: [under(['capture', 'tls'], {}), { properties: { capture: { properties: { listen: { pattern: '^/' } } } } }],
};

/** Plain HTTP stays on loopback. */
const CONSOLE: JsonSchema = {
  anyOf: [
    under(['console', 'tls'], {}),
    { properties: { console: { properties: { listen: { pattern: `^${LOOPBACK_HOST}:[0-9]+$` } } } } },
  ],
};

/** As OpenFlow without TLS; a unix socket is no address. */
const DNSTAP: JsonSchema = {
  anyOf: [
    under(['dnstap', 'plain'], { const: 'anywhere' }),
    { properties: { dnstap: { properties: { listen: { pattern: `^(?:/|${LOOPBACK_HOST}:[0-9]+$)` } } } } },
  ],
};

/** What resolvers write is taken by the listener. */
const CLIENT_SIDE: JsonSchema = {
  anyOf: [{ not: under(['behaviour', 'client_side', 'dnstap'], { const: true }) }, under(['dnstap', 'listen'], {})],
};

const WITH_MARIADB = under(['store', 'kind'], { const: 'mariadb' });
const WITH_URL = under(['store', 'url'], {});

/** The one is nothing without the other. */
const STORE: readonly JsonSchema[] = [
  { anyOf: [{ not: WITH_MARIADB }, WITH_URL] },
  { anyOf: [{ not: WITH_URL }, WITH_MARIADB] },
];

/** What an object has as `openflow.key`, if it does. */
function ofOpenflow(key: string, schema: JsonSchema): JsonSchema {
  return { properties: { openflow: { properties: { [key]: schema } } } };
}

function each(items: JsonSchema): JsonSchema {
  return { items };
}

/** An object that has the key at the end of `path`, as `schema` wants it. */
function under(path: readonly string[], schema: JsonSchema): JsonSchema {
  return path.reduceRight<JsonSchema>((inner, key) => ({ required: [key], properties: { [key]: inner } }), schema);
}
