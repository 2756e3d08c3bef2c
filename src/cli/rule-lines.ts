import { readFileSync } from 'node:fs';
import { readYaml } from '../config/read-yaml.ts';
import { configSchema } from '../config/schema.ts';
import { configuredRules } from './configured-rules.ts';

/** The line of each rule in a configuration file, by the id of the rule; empty when the file cannot be read. */
export function ruleLines(file: string): ReadonlyMap<string, number> {
  const yaml = readYaml(textOf(file));
  if (!('value' in yaml)) return new Map();
  const { data } = configSchema.safeParse(yaml.value ?? {});
  if (data === undefined) return new Map();
  const inRules = data.rules.length;
  const entries = configuredRules(data, 0).map(({ id }, index) => {
    const path = index < inRules ? ['rules', index] : ['allow', index - inRules];
    return [id, yaml.placeOfValue(path).line] as const;
  });
  // Of two that are the same the first decides.
  return new Map(entries.toReversed());
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
