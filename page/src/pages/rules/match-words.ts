/** What a rule fits, in words. */
import type { WrittenMatch } from '../../../../src/policy/rule-text.ts';

/** A sentence without its end, such as `queries from 192.0.2.7 to the pack public-resolvers for names in example.org`. */
export function matchWords({ from, to, zone, types, protocol }: WrittenMatch): string {
  const parts = [
    from === undefined ? '' : `from ${selectorWords(from)}`,
    to === undefined ? '' : `to ${selectorWords(to)}`,
    zone === undefined ? '' : zone === '.' ? 'for any name' : `for names in ${zone}`,
    types === undefined || types.length === 0 ? '' : `of type ${listed(types)}`,
    protocol === undefined ? '' : `over ${protocol.toUpperCase()}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'every query' : `queries ${parts.join(' ')}`;
}

const SELECTORS: readonly (readonly [string, string])[] = [
  ['mac:', 'the device '],
  ['port:', 'switch port '],
  ['group:', 'the group '],
  ['pack:', 'the pack '],
  ['name:', 'the name server '],
];

function selectorWords(text: string): string {
  for (const [prefix, words] of SELECTORS) if (text.startsWith(prefix)) return words + text.slice(prefix.length);
  return text.includes('/') ? `the network ${text}` : text;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** A match of what was typed into a form: empty fields are left out. */
export function matchOf(typed: Readonly<Record<'from' | 'to' | 'zone' | 'types' | 'protocol', string>>): WrittenMatch {
  const types = typed.types.split(/[\s,]+/).filter((type) => type !== '');
  const [from, to, zone] = [typed.from.trim(), typed.to.trim(), typed.zone.trim()];
  return {
    ...(from === '' ? {} : { from }),
    ...(to === '' ? {} : { to }),
    ...(zone === '' ? {} : { zone }),
    ...(types.length === 0 ? {} : { types: types.map((type) => type.toUpperCase()) }),
    ...(typed.protocol === 'udp' || typed.protocol === 'tcp' ? { protocol: typed.protocol } : {}),
  };
}
