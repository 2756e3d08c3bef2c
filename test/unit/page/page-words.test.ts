import { expect, test } from 'vitest';
import { budgetUse } from '../../../page/src/charts/budget-words.ts';
import { confidenceWords } from '../../../page/src/pages/cases/confidence-words.ts';
import { matchOf, matchWords } from '../../../page/src/pages/rules/match-words.ts';
import { remedyCommands } from '../../../page/src/pages/switches/remedy-commands.ts';
import { composeMatch, parseMatch, type WrittenMatch } from '../../../src/policy/rule-text.ts';

test.each<[WrittenMatch, string]>([
  [{}, 'every query'],
  [{ from: '192.0.2.7' }, 'queries from 192.0.2.7'],
  [{ from: '192.0.2.0/24', to: 'pack:resolvers' }, 'queries from the network 192.0.2.0/24 to the pack resolvers'],
  [{ from: 'mac:02:00:00:00:00:01', protocol: 'tcp' }, 'queries from the device 02:00:00:00:00:01 over TCP'],
  [{ from: 'port:eth0/1' }, 'queries from switch port eth0/1'],
  [{ to: 'name:ns1.example', zone: 'example.org' }, 'queries to the name server ns1.example for names in example.org'],
  [{ zone: '.', types: ['A', 'AAAA', 'TXT'] }, 'queries for any name of type A, AAAA or TXT'],
  [{ from: 'group:guests', types: ['A'] }, 'queries from the group guests of type A'],
])('the match %j is told in words', (match, words) => {
  expect(matchWords(match)).toBe(words);
});

test('what is typed into the form is a match that gluewall understands', () => {
  const typed = { from: ' 192.0.2.0/24 ', to: 'pack:p', zone: 'Example.ORG', types: 'a, txt  AAAA', protocol: 'udp' };
  const match = parseMatch(matchOf(typed));
  expect('problem' in match ? match : composeMatch(match)).toEqual({
    from: '192.0.2.0/24',
    to: 'pack:p',
    zone: 'example.org',
    types: ['A', 'TXT', 'AAAA'],
    protocol: 'udp',
  });
  expect(matchOf({ from: ' ', to: '', zone: '', types: ' , ', protocol: '' })).toEqual({});
});

test.each([
  [0, 100, 'plenty of room', 'good'],
  [50, 100, 'over half used', 'good'],
  [80, 100, 'nearly used up', 'warning'],
  [100, 100, 'used up', 'bad'],
  [250, 100, 'used up', 'bad'],
  [0, 0, 'no budget', 'good'],
  [1, 0, 'no budget', 'bad'],
] as const)('%d of %d is told as "%s"', (used, budget, words, state) => {
  const use = budgetUse(used, budget);
  expect(use).toMatchObject({ words, state });
  expect(use.share >= 0 && use.share <= 1).toBe(true);
});

test('a confidence has a word beside its share', () => {
  expect([1, 0.9, 0.6, 0.3, 0.1, 0.0002].map(confidenceWords)).toEqual([
    'very likely (100 %)',
    'very likely (90 %)',
    'likely (60 %)',
    'possible (30 %)',
    'unlikely (10 %)',
    'very unlikely (below 0.1 %)',
  ]);
});

test.each([
  ['ovs-vsctl set-fail-mode br0 secure', ['ovs-vsctl set-fail-mode br0 secure']],
  ['run `gluewall doctor` there, then `ovs-vsctl show`', ['gluewall doctor', 'ovs-vsctl show']],
  ['set `outside.ports` in the configuration', []],
  ['ovs-vsctl', []],
  ['`', []],
  ['', []],
])('of the remedy "%s" the commands are to be copied', (remedy, commands) => {
  expect(remedyCommands(remedy)).toEqual(commands);
});
