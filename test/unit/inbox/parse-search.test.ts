import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress, networkAround, parseAddress } from '../../../src/core/address.ts';
import { canonicalName, formatName } from '../../../src/dns/name.ts';
import { addressText, addressValue } from '../../../src/inbox/address-text.ts';
import { completions } from '../../../src/inbox/complete-search.ts';
import { searchWord, withTimes } from '../../../src/inbox/compose-search.ts';
import { parseSearch } from '../../../src/inbox/parse-search.ts';
import type { Search, SearchTerm } from '../../../src/inbox/search.ts';
import { MAX_SEARCH_CHARACTERS, SEARCH_FIELDS } from '../../../src/inbox/search-fields.ts';
import { anySearch } from '../../support/any-search.ts';
import { searchText } from '../../support/search-model.ts';
import { anyVerdictEvent } from '../../support/verdict-events.ts';

const NOW = Date.UTC(2026, 10, 22, 8);

function read(text: string, page: 'inbox' | 'events' = 'events'): Search {
  const parsed = parseSearch(text, NOW, page);
  if ('search' in parsed) return parsed.search;
  throw new Error(`${text}: ${JSON.stringify(parsed.problems)}`);
}

function problems(text: string, page: 'inbox' | 'events' = 'inbox') {
  const parsed = parseSearch(text, NOW, page);
  return 'problems' in parsed ? parsed.problems : [];
}

const terms = (text: string) => read(text, 'inbox').terms;

describe('a search', () => {
  it.each<[string, Partial<SearchTerm>]>([
    ['client:192.0.2.7', { field: 'client', anyOf: [{ address: '192.0.2.7', prefixLength: undefined }] }],
    [
      'client:10.1.2.3/8,2001:DB8::0/32',
      {
        field: 'client',
        anyOf: [
          { address: '10.0.0.0', prefixLength: 8 },
          { address: '2001:db8::', prefixLength: 32 },
        ],
      },
    ],
    ['client:Printer*', { field: 'client-name', anyOf: ['Printer*'] }],
    ['-client:"a b"', { field: 'client-name', isNegated: true, anyOf: ['a b'] }],
    ['destination:0.0.0.0/0', { field: 'destination', anyOf: [{ address: '0.0.0.0', prefixLength: 0 }] }],
    ['name:WWW.Example.org.', { field: 'name', anyOf: [{ name: 'www.example.org', match: 'exactly' }] }],
    ['name:*.example.org', { field: 'name', anyOf: [{ name: 'example.org', match: 'below' }] }],
    ['name:*', { field: 'name', anyOf: [{ name: '.', match: 'below' }] }],
    ['name:.', { field: 'name', anyOf: [{ name: '.', match: 'exactly' }] }],
    ['name:none', { field: 'name', anyOf: [{ name: '', match: 'none' }] }],
    ['name:none.', { field: 'name', anyOf: [{ name: 'none', match: 'exactly' }] }],
    ['name:bücher.example', { field: 'name', anyOf: [{ name: 'xn--bcher-kva.example', match: 'exactly' }] }],
    ['name:*.例え.jp', { field: 'name', anyOf: [{ name: 'xn--r8jz45g.jp', match: 'below' }] }],
    ['name:a\\032b\\000.test', { field: 'name', anyOf: [{ name: 'a\\032b\\000.test', match: 'exactly' }] }],
    ['name:a\\"b,c', { field: 'name', anyOf: [expect.anything(), { name: 'c', match: 'exactly' }] }],
    ['name:"a\\"b,c"', { field: 'name', anyOf: [{ name: 'a\\"b,c', match: 'exactly' }] }],
    ['name:\\*.example', { field: 'name', anyOf: [{ name: '*.example', match: 'exactly' }] }],
    ['-type:a,AAAA,type28', { field: 'type', isNegated: true, anyOf: [1, 28] }],
    ['verdict:blocked,"would block"', { field: 'verdict', anyOf: ['block', 'would block'] }],
    ['verdict:would-block', { field: 'verdict', anyOf: ['would block'] }],
    ['reason:deny-rule,unknown', { field: 'reason', anyOf: ['denyRule', 'unknown'] }],
    ['SEVERITY:High', { field: 'severity', anyOf: ['high'] }],
    ['state:open,acknowledged', { field: 'state', anyOf: ['open', 'acknowledged'] }],
    ['protocol:UDP', { field: 'protocol', anyOf: ['udp'] }],
    ['rd:yes', { field: 'rd', anyOf: [true] }],
    ['mac:02:00:00:00:00:FF', { field: 'mac', anyOf: [0x0200000000ff] }],
    ['switch:1', { field: 'switch', anyOf: ['0000000000000001'] }],
    ['port:3', { field: 'switch-port', anyOf: [3] }],
    ['rule:r-1', { field: 'rule', anyOf: ['r-1'] }],
    ['group:office', { field: 'group', anyOf: ['office'] }],
    ['evil', { field: 'text', anyOf: ['evil'] }],
    ['-"is unknown"', { field: 'text', isNegated: true, anyOf: ['is unknown'] }],
    ['2001:db8::1', { field: 'text', anyOf: ['2001:db8::1'] }],
    ['bücher', { field: 'text', anyOf: ['bücher', 'xn--bcher-kva'] }],
    ['\\032\\', { field: 'text', anyOf: ['\\032\\'] }],
  ])('is understood: %s', (text, term) => {
    expect(terms(text)).toEqual([{ isNegated: false, ...term }]);
  });

  it('holds all of its words, between any blanks', () => {
    expect(terms('  client:192.0.2.7\t-type:A \n evil ').map(({ field }) => field)).toEqual(['client', 'type', 'text']);
    expect(read('')).toEqual({ terms: [], sinceMs: undefined, untilMs: undefined });
  });

  it('is of a time', () => {
    expect(read('since:2h until:2026-11-22T16:00+09:00')).toMatchObject({
      sinceMs: NOW - 7_200_000,
      untilMs: NOW - 3_600_000,
    });
    expect(read('since:2026-11-21T08:00:00.5Z').sinceMs).toBe(Date.UTC(2026, 10, 21, 8, 0, 0, 500));
    expect(read('since:2026-11-21T17:00:00+0900').sinceMs).toBe(Date.UTC(2026, 10, 21, 8));
    expect(read('since:999999d').sinceMs).toBe(0);
  });

  it.each<[string, string, RegExp]>([
    ['clint:192.0.2.7', 'clint:', /there is no field "clint"; did you mean client:\?/],
    ['http://example.org', 'http:', /put it in quotes/],
    ['evil client:10.0.0.300', '10.0.0.300', /client: want an address, a network, or a name.*not "10\.0\.0\.300"/],
    ['client:10.*', '10.*', /client: want/],
    ['client:192.0.2.0/33', '192.0.2.0/33', /client: want/],
    ['client:192.0.2.7,printer', 'printer', /not both/],
    ['destination:example.org', 'example.org', /destination: want an address or a network/],
    ['name:ad*.example', 'ad*.example', /\* in front of a name alone/],
    ['name:a..b', 'a..b', /name: want/],
    [`name:${'a'.repeat(64)}`, 'a'.repeat(64), /name: want .*a{40}…"/],
    ['type:AAA', 'AAA', /not "AAA"; did you mean AAAA\?/],
    ['type:A,,B', 'type:A,,B', /type: want an RR type/],
    ['verdict:', 'verdict:', /verdict: want blocked/],
    ['verdict:alowed', 'alowed', /did you mean allowed\?/],
    ['verdict:allowed', 'allowed', /search the events/],
    ['rd:maybe', 'maybe', /want yes or no/],
    ['mac:02:00', '02:00', /want a MAC address/],
    ['switch:g', 'g', /want a datapath id/],
    ['port:4294967296', '4294967296', /want the number/],
    ['-since:2h', '-since:2h', /takes no -/],
    ['since:yesterday', 'yesterday', /want how long ago/],
    ['since:2026-11-21T08:00:00', '2026-11-21T08:00:00', /with its zone/],
    ['since:2026-13-21T08:00:00Z', '2026-13-21T08:00:00Z', /with its zone/],
    ['since:1h,2h', '2h', /takes one time/],
    ['since:1h since:2h', 'since:2h', /once/],
    ['since:1h until:2h', 'until:2h', /nothing is between/],
    ['"evil', '"evil', /quote/],
    ['name:"a"b', '"a"b', /quote/],
    ['"a\tb"', '"a\tb"', /nobody can type/],
    ['\ud800', '\ud800', /nobody can type/],
    ['evil -', '-', /a word is missing/],
    [',', ',', /a word is missing/],
  ])('is refused with the place and what is wanted: %s', (text, place, message) => {
    const [problem, more] = problems(text);
    expect(more).toBeUndefined();
    expect(problem?.message).toMatch(message);
    expect(text.slice(problem?.from, problem?.to)).toBe(place);
  });

  it('has neither severity nor state where it is about events', () => {
    expect(problems('state:open severity:high', 'events').map(({ message }) => message)).toEqual([
      'state: is about the inbox; single events have none',
      'severity: is about the inbox; single events have none',
    ]);
  });

  it('is bounded', () => {
    expect(problems('x'.repeat(MAX_SEARCH_CHARACTERS))).toEqual([]);
    expect(problems('x'.repeat(MAX_SEARCH_CHARACTERS + 1))[0]?.message).toContain('at most 1000 characters');
    expect(problems('a '.repeat(50))).toEqual([]);
    expect(problems('a '.repeat(51))[0]?.message).toContain('at most 50 words');
    expect(problems(`port:${'1,'.repeat(99)}1`)).toEqual([]);
    expect(problems(`port:${'1,'.repeat(100)}1`)[0]?.message).toContain('at most 100 values');
    // The words that take longest to compare.
    expect(problems(`${'z'.repeat(60)}:1 `.repeat(15)).length).toBe(15);
  });

  it('reads its own examples', () => {
    for (const { name, examples, values = {}, onlyOn } of SEARCH_FIELDS) {
      for (const value of [...examples, ...Object.keys(values)]) {
        expect(problems(`${name}:${value}`, onlyOn ?? 'events'), `${name}:${value}`).toEqual([]);
      }
    }
  });
});

const HARD =
  '-client:10.0.0.0/8,2001:db8::/32 name:"a\\",b.例え",*.x -type:A,TYPE9 verdict:"would block" since:2h until:2026-11-22T08:00:00Z mac:02:00:00:00:00:01 \\"x bü';

describe('any text', () => {
  function check(text: string): void {
    for (const page of ['inbox', 'events'] as const) {
      const parsed = parseSearch(text, NOW, page);
      for (const { from, to } of 'problems' in parsed ? parsed.problems : []) {
        expect(from, text).toBeGreaterThanOrEqual(0);
        expect(to, text).toBeGreaterThan(from);
      }
      for (const caret of [0, text.length >> 1, text.length]) {
        const { from, to } = completions(text, caret, page);
        expect(from <= caret && caret <= to && to <= text.length, `${text} at ${caret}`).toBe(true);
      }
    }
    withTimes(text, { since: '1h' });
  }

  it('is read or refused, cut anywhere or changed in one character', () => {
    for (let at = 0; at <= HARD.length; at++) {
      check(HARD.slice(0, at));
      check(HARD.slice(at));
      for (const character of '":,-\\* /.0é\0\ud800') check(HARD.slice(0, at) + character + HARD.slice(at + 1));
    }
  });

  it('is read or refused', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), check));
    const piece = fc.constantFrom(
      '"',
      ':',
      ',',
      '-',
      '\\',
      '*',
      ' ',
      '.',
      'name',
      'client',
      'since',
      'a',
      '1',
      '/',
      'é',
    );
    fc.assert(fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => check(pieces.join(''))));
  });
});

describe('a search that is written down', () => {
  it('is read as it was', () => {
    fc.assert(
      fc.property(anySearch, (search) => {
        expect(read(searchText(search), 'events').terms).toEqual(search.terms);
      }),
    );
  });

  it('finds a name by what pages show of it', () => {
    fc.assert(
      fc.property(anyVerdictEvent, ({ queryName }) => {
        fc.pre(queryName !== undefined);
        const shown = formatName(queryName);
        const word = searchWord('name', shown)!;
        fc.pre(word.length <= MAX_SEARCH_CHARACTERS && shown.toLowerCase() !== 'none');
        expect(terms(word)).toEqual([
          {
            field: 'name',
            isNegated: false,
            anyOf: [{ name: formatName(canonicalName(queryName)), match: 'exactly' }],
          },
        ]);
      }),
    );
  });

  it('takes other times', () => {
    expect(withTimes('since:2h evil  until:1h', { since: '7d' })).toBe('evil since:7d');
    expect(withTimes('', { since: '1h', until: '5m' })).toBe('since:1h until:5m');
    expect(withTimes('a "b c" since:1h', {})).toBe('a "b c"');
  });

  it('has no word for what nobody can type', () => {
    expect(searchWord('client', 'a\x1bb')).toBeUndefined();
    expect(searchWord('client', 'a b')).toBe('client:"a b"');
  });
});

describe('an address', () => {
  const written = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.stringMatching(/^[0-9a-f:.]{0,20}$/),
    fc.stringMatching(/^(?:[0-9a-f]{0,4}:){2,8}[0-9a-f]{0,4}$/),
    fc.stringMatching(/^[0-9a-f:]{2,12}:\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/),
  );

  it('is read as everywhere else', () => {
    fc.assert(
      fc.property(written, (text) => {
        const address = parseAddress(text);
        expect(addressText(text)).toBe(address === undefined ? undefined : formatAddress(address));
      }),
      { numRuns: 2000 },
    );
  });

  it('with a prefix, too', () => {
    fc.assert(
      fc.property(written, fc.integer({ min: 0, max: 140 }), (text, length) => {
        const network = networkAround(`${text}/${length}`);
        expect(addressValue(`${text}/${length}`)).toEqual(
          network && { address: formatAddress(network.base), prefixLength: length },
        );
      }),
      { numRuns: 2000 },
    );
  });
});

describe('completion', () => {
  const at = (marked: string, page: 'inbox' | 'events' = 'inbox') => {
    const caret = marked.indexOf('|');
    const text = marked.replace('|', '');
    const { from, to, items } = completions(text, caret, page);
    return { place: text.slice(from, to), texts: items.map((item) => item.text) };
  };

  it('gives the fields where a word begins', () => {
    expect(at('|').texts.slice(0, 3)).toEqual(['client:', 'destination:', 'name:']);
    expect(at('evil |').texts).toContain('severity:');
    expect(at('|', 'events').texts).not.toContain('severity:');
    expect(at('-s|')).toEqual({ place: 's', texts: ['severity:', 'state:', 'switch:', 'since:'] });
    expect(at('cl|ie:x')).toEqual({ place: 'clie:', texts: ['client:'] });
  });

  it('gives the values of a field', () => {
    expect(at('state:|').texts).toEqual(['open', 'escalated', 'acknowledged']);
    expect(at('state:open,a|')).toEqual({ place: 'a', texts: ['acknowledged'] });
    expect(at('verdict:wo|').texts).toEqual(['"would block"']);
    expect(at('type:aa|').texts).toEqual(['AAAA']);
    expect(at('since:|').texts).toEqual(['15m', '1h', '24h', '7d']);
    expect(at('client:|').texts).toContain('192.0.2.7');
    expect(at('nothing:|').texts).toEqual([]);
    expect(at('"state|"').texts).toEqual([]);
  });
});
