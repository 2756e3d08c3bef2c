/** Docs that are made from the code, and docs that must name everything the code has. `npm run docs` writes the first. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig, parseConfig } from '../src/config/load.ts';
import { configSchema } from '../src/config/schema.ts';
import { PROBLEMS } from '../src/traceback/problem.ts';
import { publishedSchema } from '../src/traceback/published-schema.ts';
import { renderCommands } from './support/document-commands.ts';
import { configKeys, renderConfigSchema, renderConfiguration } from './support/document-config.ts';
import { renderEveFindingSchema, renderEveSchema } from './support/document-events.ts';
import { renderMetrics } from './support/document-metrics.ts';
import { renderPipeline } from './support/document-pipeline.ts';
import { formatJson } from './support/format-json.ts';

const root = join(import.meta.dirname, '..');
const BEGIN = '<!-- made from src/controller/pipeline.ts by npm run docs -->';
const END = '<!-- end -->';
const isWriting = process.env.GLUEWALL_WRITE_DOCS === '1';

function holds(file: string, made: string, held: string): void {
  if (isWriting) writeFileSync(join(root, file), made);
  else expect(held, `${file} is out of date: npm run docs`).toBe(made);
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

function readOrNothing(file: string): string {
  return existsSync(join(root, file)) ? read(file) : '';
}

it('docs/configuration.md is what the schema says', () => {
  holds('docs/configuration.md', renderConfiguration(), read('docs/configuration.md'));
});

it('docs/command-line.md is what the commands say', () => {
  holds('docs/command-line.md', renderCommands(), readOrNothing('docs/command-line.md'));
});

it('docs/gluewall.schema.json is what the schema says', () => {
  holds('docs/gluewall.schema.json', renderConfigSchema(), readOrNothing('docs/gluewall.schema.json'));
});

it('docs/events/dns_verdict.schema.json is what the events are', () => {
  const file = 'docs/events/dns_verdict.schema.json';
  holds(file, renderEveSchema(), readOrNothing(file));
});

it('docs/events/finding.schema.json is what news of findings are', () => {
  const file = 'docs/events/finding.schema.json';
  holds(file, renderEveFindingSchema(), readOrNothing(file));
});

it('docs/traceback.schema.json is what nodes say to each other', () => {
  const file = 'docs/traceback.schema.json';
  holds(file, formatJson(publishedSchema()), readOrNothing(file));
});

it('docs/errors.md has every type of problem with its status', () => {
  const rows = [...read('docs/errors.md').matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)];
  const listed = Object.fromEntries(rows.map(([, type, status]) => [type, Number(status)]));
  expect(listed).toEqual(PROBLEMS);
});

it('docs/architecture.md has the tables of the pipeline', () => {
  const text = read('docs/architecture.md');
  const [before, rest = ''] = text.split(BEGIN);
  const after = rest.split(END)[1];
  expect(after, 'the marks of the made part').toBeDefined();
  holds('docs/architecture.md', `${before}${BEGIN}\n${renderPipeline()}\n${END}${after}`, text);
});

it('docs/metrics.md has the tables of the metrics', () => {
  const begin = '<!-- made from src/metrics by npm run docs -->';
  const text = read('docs/metrics.md');
  const [before, rest = ''] = text.split(begin);
  const after = rest.split(END)[1];
  expect(after, 'the marks of the made part').toBeDefined();
  holds('docs/metrics.md', `${before}${begin}\n${renderMetrics()}\n${END}${after}`, text);
});

it('every key that can be written is in the docs, with a description', () => {
  const keys = configKeys();
  expect(keys.length).toBeGreaterThan(25);
  for (const { path, about } of keys) expect(about, path).not.toBe('');
  const leaves = Object.entries(configSchema.parse({})).flatMap(([name, value]) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.keys(value).map((key) => `${name}.${key}`)
      : [name],
  );
  const listed = keys.map(({ path }) => path);
  const isListed = (leaf: string) => listed.some((path) => path === leaf || path.startsWith(`${leaf}.`));
  expect(leaves.filter((leaf) => leaf !== 'openflow.listen' && !isListed(leaf))).toEqual([]);
});

it('the sample configurations of the docs load', () => {
  for (const file of [
    'README.md',
    'docs/configuration.md',
    'docs/operations.md',
    'docs/response.md',
    'docs/traceback.md',
  ]) {
    const samples = [...read(file).matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text!);
    expect(samples.length, file).toBeGreaterThan(0);
    for (const sample of samples) expect(() => parseConfig(sample, file)).not.toThrow();
  }
  expect(() => loadConfig(join(root, 'docs', 'gluewall.example.yaml'))).not.toThrow();
});

it('every link to a file of ours leads somewhere, and no placeholder is left', () => {
  const pages = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.md') && !/^(node_modules|dist|test[/]vectors)[/]/.test(file),
  );
  expect(pages.length).toBeGreaterThan(10);
  for (const page of pages) {
    const text = read(page);
    const targets = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target]) => target!);
    for (const target of targets)
      expect(existsSync(join(root, dirname(page), target)), `${page}: ${target}`).toBe(true);
    expect(text, page).not.toMatch(/^```\n[A-Z]+\n```$/m);
  }
});

it('docs/errors.md lists the codes that src throws or answers, and no others', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const source = files.map((file) => read(join('src', file))).join('\n');
  const thrown = [
    ...source.matchAll(/(?:GluewallError\(|super\(|refuse\(|problem\(\s*c,\s*\d{3},)\s*'([a-z-]+)'/g),
  ].map(([, code]) => code!);
  const listed = [...read('docs/errors.md').matchAll(/^\| `([a-z-]+)` \| (?!\d{3} \|)/gm)].map(([, code]) => code!);
  expect([...new Set(thrown)].sort()).toEqual([...listed].sort());
});
