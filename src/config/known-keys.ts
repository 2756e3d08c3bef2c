import type { z } from 'zod';
import type { KeyFacts } from './fields.ts';

/** A key of the configuration that holds a value. */
export interface KnownKey {
  /** Names from the top, joined by dots; `[]` stands behind one whose value is a list of groups of keys. */
  readonly path: string;
  readonly about: string;
  readonly facts: KeyFacts;
}

/** Every key of a schema that holds a value, in the order of the schema. */
export function knownKeys(schema: z.ZodObject): readonly KnownKey[] {
  return keysOf(schema.shape, []);
}

function keysOf(shape: Readonly<Record<string, z.core.$ZodType>>, path: readonly string[]): KnownKey[] {
  return Object.entries(shape).flatMap(([name, given]) => {
    const schema = given as z.ZodType;
    const here = [...path, name];
    const facts = schema.meta()?.facts as KeyFacts | undefined;
    const own = facts === undefined ? [] : [{ path: here.join('.'), about: schema.description ?? '', facts }];
    const group = unwrap(schema);
    const { element } = group.def as { element?: z.ZodType };
    const inner = element === undefined ? keysIn(group, here) : keysIn(unwrap(element), [...path, `${name}[]`]);
    return [...own, ...inner];
  });
}

function keysIn(group: z.ZodType, path: readonly string[]): KnownKey[] {
  return 'shape' in group ? keysOf(group.shape as Record<string, z.core.$ZodType>, path) : [];
}

function unwrap(schema: z.ZodType): z.ZodType {
  const { innerType } = schema.def as { innerType?: z.ZodType };
  return innerType === undefined ? schema : unwrap(innerType);
}
