import { configJsonSchema } from '../../src/config/json-schema.ts';
import { type KnownKey, knownKeys } from '../../src/config/known-keys.ts';
import { configSchema } from '../../src/config/schema.ts';
import { formatJson } from './format-json.ts';

/** Every key of the schema that holds a value, in the order of the schema. */
export function configKeys(): readonly KnownKey[] {
  return knownKeys(configSchema);
}

/** docs/gluewall.schema.json, made from the schema. */
export function renderConfigSchema(): string {
  return formatJson(configJsonSchema());
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
line, column and reason; \`gluewall config check FILE\` finds them beforehand, \`gluewall config show\` prints what is in
force. Durations are written \`50ms\`, \`10s\`, \`5m\`, \`48h\` or \`7d\`. This page is made from
\`src/config/schema.ts\` by \`npm run docs\`, and so is the JSON Schema for editors, [gluewall.schema.json](gluewall.schema.json)
(\`gluewall config schema\` prints it): where the editor has a YAML language server, a file that begins with
\`# yaml-language-server: $schema=PATH\` is checked and completed as you write it.

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
