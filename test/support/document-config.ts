import type { z } from 'zod';
import type { KeyFacts } from '../../src/config/fields.ts';
import { configSchema } from '../../src/config/schema.ts';

interface Key {
  readonly path: string;
  readonly about: string;
  readonly facts: KeyFacts;
}

/** Every key of the schema that holds a value, in the order of the schema. */
export function configKeys(): Key[] {
  return keysOf(configSchema.shape, []);
}

function keysOf(shape: Readonly<Record<string, z.ZodType>>, path: readonly string[]): Key[] {
  return Object.entries(shape).flatMap(([name, schema]) => {
    const here = [...path, name];
    const facts = schema.meta()?.facts as KeyFacts | undefined;
    if (facts !== undefined) return [{ path: here.join('.'), about: schema.description ?? '', facts }];
    const inner = unwrap(schema);
    return 'shape' in inner ? keysOf(inner.shape as Record<string, z.ZodType>, here) : [];
  });
}

function unwrap(schema: z.ZodType): z.ZodType {
  const { innerType } = schema.def as { innerType?: z.ZodType };
  return innerType === undefined ? schema : unwrap(innerType);
}

/** docs/configuration.md, made from the schema. */
export function renderConfiguration(): string {
  const rows = configKeys().map(
    ({ path, about, facts: { unit, default: byDefault, limit } }) =>
      `| \`${path}\` | ${about} | ${unit} | ${byDefault} | ${limit} |`,
  );
  return `# Configuration

\`gluewall run\` reads \`./gluewall.yaml\`, or the file given with \`--config\`. A key with a dot stands inside the key
before the dot. Every key has a default; an unknown key, a wrong value or a contradiction stops the start with file,
line and reason. Durations are written \`50ms\`, \`10s\`, \`5m\`, \`48h\` or \`7d\`. This page is made from
\`src/config/schema.ts\` by \`npm run docs\`.

\`\`\`yaml
mode: monitor
inside:
  networks: [192.0.2.0/24, "2001:db8:1::/64"]
outside:
  ports: [eth0]
trusted_resolvers: [192.0.2.53]
allow: [203.0.113.53]
\`\`\`

| Key | What it does | Unit | Default | Limit |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}
