/** A schema of JSON Schema 2020-12, as far as ours use it. */
export interface PlainSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly example?: unknown;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, PlainSchema>>;
  readonly required?: readonly string[];
  readonly items?: PlainSchema | false;
  readonly prefixItems?: readonly PlainSchema[];
  readonly anyOf?: readonly PlainSchema[];
  readonly oneOf?: readonly PlainSchema[];
  readonly allOf?: readonly PlainSchema[];
}

/** Deep enough for all of ours, and an end for one that holds itself. */
const MAX_DEPTH = 12;
const TEXT_OF_FORMAT: Readonly<Record<string, string>> = {
  'date-time': '2026-11-22T08:00:00.000Z',
  uuid: '0190c2f4-7a1b-7c3d-8e5f-0123456789ab',
};

/** A value that such a schema describes, for the documentation where nobody wrote one. `components`: the schemas that have a name. */
export function sampleOf(schema: PlainSchema, components: Readonly<Record<string, PlainSchema>>, depth = 0): unknown {
  if (depth > MAX_DEPTH) return null;
  const deeper = (inner: PlainSchema) => sampleOf(inner, components, depth + 1);
  const known = schema.example ?? schema.default ?? schema.const ?? schema.enum?.[0];
  if (known !== undefined) return known;
  if (schema.$ref !== undefined) return deeper(components[schema.$ref.split('/').at(-1)!] ?? {});
  const one = (schema.anyOf ?? schema.oneOf)?.find(({ type }) => type !== 'null');
  if (one !== undefined) return deeper(one);
  if (schema.allOf !== undefined) {
    const parts = schema.allOf.map(deeper);
    return parts.every((part) => typeof part === 'object') ? Object.assign({}, ...parts) : parts[0];
  }
  return sampleOfType(schema, deeper);
}

function sampleOfType(schema: PlainSchema, deeper: (inner: PlainSchema) => unknown): unknown {
  const type = [schema.type ?? []].flat().find((one) => one !== 'null');
  switch (type) {
    case 'object': {
      const needed = Object.entries(schema.properties ?? {}).filter(([name]) => schema.required?.includes(name));
      return Object.fromEntries(needed.map(([name, inner]) => [name, deeper(inner)]));
    }
    case 'array':
      if (schema.prefixItems !== undefined) return schema.prefixItems.map(deeper);
      return schema.items === undefined || schema.items === false ? [] : [deeper(schema.items)];
    case 'string':
      return TEXT_OF_FORMAT[schema.format ?? ''] ?? 'text';
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 0, Math.min(1, schema.maximum ?? 1));
    case 'boolean':
      return true;
    default:
      return null;
  }
}
