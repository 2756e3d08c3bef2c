/** A configuration back in the form in which people write it. */
import { Document, Scalar, visit } from 'yaml';
import { z } from 'zod';
import { type Config, configSchema } from './schema.ts';

/** A configuration as it is written: durations, addresses and networks as text. */
export type WrittenConfig = z.input<typeof configSchema>;

/** Every key that has a value. */
export function composeConfig(config: Config): WrittenConfig {
  return z.encode(configSchema, config);
}

/** YAML that parseConfig reads back to the same configuration, and that holds nothing a terminal would act on. */
export function composeYaml(config: Config): string {
  const document = new Document(composeConfig(config), { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && UNPRINTABLE.test(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
    Seq(_key, node) {
      node.flow = node.items.length <= MAX_ON_ONE_LINE;
    },
  });
  return document
    .toString({ lineWidth: 0, flowCollectionPadding: false })
    .replace(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/gu, (character) => escaped(character.codePointAt(0)!));
}

/** Longer lists are written one below the other. */
const MAX_ON_ONE_LINE = 8;
/** Control and format characters, surrogates, line and paragraph separators. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;

/** As in double-quoted YAML text (YAML 1.2.2 §5.7). */
function escaped(code: number): string {
  return `\\U${code.toString(16).padStart(8, '0')}`;
}
