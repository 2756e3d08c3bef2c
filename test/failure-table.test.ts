/** What docs/operations.md says of failures: each has a test by that name, and metrics and alerts that there are. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const section = read('docs/operations.md').split('\n## When something fails\n')[1]!.split('\n## ')[0]!;
const TOLD = 'What tells of each';

/** The numbers of `1, 2, 5` in the first cell of each row. */
function numbered(text: string): readonly number[] {
  return [...text.matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, numbers]) => numbers!.split(', ').map(Number));
}

const failures = numbered(section.split(TOLD)[0]!);
const shown = [...section.matchAll(/^- ([\d, ]+): `([^`]+)`, (?:"(.+)"|all of it)$/gm)].map(
  ([, numbers, file, name]) => ({ numbers: numbers!.split(', ').map(Number), file: file!, name }),
);

it('numbers its failures, and says of each what tells of it', () => {
  expect(failures).toEqual(Array.from({ length: 15 }, (_, index) => index + 1));
  expect(numbered(section.split(TOLD)[1]!)).toEqual(failures);
});

it('shows each failure by a test', () => {
  expect(shown.length).toBe(section.split('### What shows it')[1]!.match(/^- /gm)!.length);
  expect([...new Set(shown.flatMap(({ numbers }) => numbers))].sort((a, b) => a - b)).toEqual(failures);
});

it.each(shown.map(({ file, name }) => [file, name ?? 'all of it'] as const))('there is %s: %s', (file, name) => {
  expect(existsSync(join(root, file))).toBe(true);
  if (name !== 'all of it') expect(read(file)).toContain(`it('${name}'`);
});

it('names metrics and alerts that there are', () => {
  const metrics = section.match(/`gluewall_[a-z_]+`/g) ?? [];
  const alerts = section.match(/\bGluewall[A-Z]\w+/g) ?? [];
  expect([metrics.length, alerts.length].every((count) => count > 10)).toBe(true);
  const [known, alarmed] = [read('docs/metrics.md'), read('docs/metrics/gluewall-alerts.yaml')];
  for (const metric of metrics) expect(known).toContain(`| ${metric} |`);
  for (const alert of alerts) expect(alarmed).toContain(`alert: ${alert}\n`);
});
