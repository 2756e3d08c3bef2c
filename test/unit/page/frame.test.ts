import { describe, expect, it } from 'vitest';
import { changedQuery, pathParameter } from '../../../page/src/frame/route.ts';
import { parseSettings } from '../../../page/src/frame/settings.ts';
import { Shared } from '../../../page/src/frame/shared.ts';
import { completedKeys, SHORTCUTS } from '../../../page/src/frame/shortcuts.ts';
import { hexLines } from '../../../page/src/pages/event/hex-lines.ts';

describe('a route', () => {
  it.each([
    ['/events/12', '/events/:', '12'],
    ['/hosts/2001%3Adb8%3A%3A7', '/hosts/:', '2001:db8::7'],
    ['/events', '/events/:', undefined],
    ['/events/', '/events/:', undefined],
    ['/events/1/2', '/events/:', undefined],
    ['/events/%E0%A4', '/events/:', undefined],
    ['/eventsx/1', '/events/:', undefined],
  ])('%s has behind %s the part %s', (path, pattern, part) => {
    expect(pathParameter(path, pattern)).toBe(part);
  });

  it('has values put into its query, and taken out', () => {
    const route = { path: '/inbox', query: new URLSearchParams('search=a%26b&x=1') };
    expect(changedQuery(route, { x: undefined })).toBe('/inbox?search=a%26b');
    expect(changedQuery(route, { x: '', search: 'client:192.0.2.7' })).toBe('/inbox?search=client%3A192.0.2.7');
    expect(changedQuery(route, { x: undefined, search: undefined })).toBe('/inbox');
  });
});

describe('the keys', () => {
  it('are each there once in a scope, and none of a page hides one of the frame', () => {
    const seen = SHORTCUTS.map(({ scope, keys }) => `${scope} ${keys}`);
    expect(new Set(seen).size).toBe(seen.length);
    const everywhere = new Set<string>(SHORTCUTS.filter(({ scope }) => scope === 'everywhere').map(({ keys }) => keys));
    const ofPages = SHORTCUTS.filter(({ scope, keys }) => scope !== 'everywhere' && everywhere.has(keys));
    expect(ofPages).toEqual([]);
  });

  it('that begin a pair do nothing by themselves', () => {
    const begins = new Set(SHORTCUTS.filter(({ keys }) => keys.includes(' ')).map(({ keys }) => keys.split(' ')[0]));
    expect([...begins].sort()).toEqual(['*', 'g']);
    expect(SHORTCUTS.filter(({ keys }) => begins.has(keys))).toEqual([]);
  });

  it('are taken as a pair before they are taken alone', () => {
    const known = new Set(['g i', 'i', '* a', 'a']);
    expect(completedKeys('i', 'g', known)).toBe('g i');
    expect(completedKeys('i', undefined, known)).toBe('i');
    expect(completedKeys('a', 'g', known)).toBe('a');
    expect(completedKeys('g', undefined, known)).toBeUndefined();
  });
});

describe('settings', () => {
  it.each([null, '', 'x', '[]', '{', '7', 'null', '{"times":"mars","hasKeys":1}'])(
    'are as at first where %s is kept',
    (text) => {
      expect(parseSettings(text)).toEqual({ times: 'utc', hasKeys: true });
    },
  );

  it('are what was kept', () => {
    expect(parseSettings('{"times":"local","hasKeys":false}')).toEqual({ times: 'local', hasKeys: false });
  });
});

describe('a shared value', () => {
  it('tells of other values only, to those who listen', () => {
    const shared = new Shared(1);
    const heard: number[] = [];
    const stop = shared.listen((value) => heard.push(value));
    shared.set(1);
    shared.set(2);
    stop();
    shared.set(3);
    expect([heard, shared.value]).toEqual([[2], 3]);
  });
});

describe('octets', () => {
  it('stand sixteen on a line with what is printable of them', () => {
    const hex = `${'41'.repeat(16)}00ff7e7f`;
    expect(hexLines(hex)).toEqual([
      { offset: '0000', octets: Array(16).fill('41').join(' '), text: 'A'.repeat(16) },
      { offset: '0010', octets: '00 ff 7e 7f', text: '..~.' },
    ]);
  });

  it('end where they are none', () => {
    expect(hexLines('41x')).toEqual([{ offset: '0000', octets: '41', text: 'A' }]);
    expect(hexLines('')).toEqual([]);
  });
});
