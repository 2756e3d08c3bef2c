import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SOCKET_ACTOR } from '../../../src/accounts/actor.ts';
import { parseControlLine } from '../../../src/control/control-line.ts';

const AS = { user: 'ann', role: 'analyst', from: '192.0.2.10' };
const STATUS = { operation: 'status' };
const parse = (line: unknown) => parseControlLine(JSON.stringify(line));

describe('a line of the control socket', () => {
  it('is for whoever asks, or for somebody', () => {
    expect(parse(STATUS)).toEqual({ actor: SOCKET_ACTOR, request: STATUS });
    expect(parse({ as: AS, request: STATUS })).toEqual({ actor: { ...AS, token: undefined }, request: STATUS });
    const token = { ...AS, token: 'siem' };
    expect(parse({ as: token, request: STATUS })).toEqual({ actor: token, request: STATUS });
  });

  it('may have an `as` that is the request’s own', () => {
    const close = { operation: 'findings close', finding: 'F-1', as: 'mistake', reason: 'r', owner: 'me' };
    expect(parse(close)).toMatchObject({ actor: SOCKET_ACTOR, request: { as: 'mistake' } });
  });

  it.each([
    ['no request', { as: AS }],
    ['no actor', { request: STATUS }],
    ['an actor of null', { as: null, request: STATUS }],
    ['an actor that is a text', { as: 'admin', request: STATUS }],
    ['an actor that is a list', { as: [AS], request: STATUS }],
    ['a role that there is not', { as: { ...AS, role: 'root' }, request: STATUS }],
    ['a role that all objects have', { as: { ...AS, role: 'constructor' }, request: STATUS }],
    ['roles', { as: { ...AS, role: ['admin'] }, request: STATUS }],
    ['no user', { as: { role: 'admin', from: 'x' }, request: STATUS }],
    ['an empty user', { as: { ...AS, user: '' }, request: STATUS }],
    ['a user that is too long', { as: { ...AS, user: 'a'.repeat(65) }, request: STATUS }],
    ['no address', { as: { user: 'ann', role: 'admin' }, request: STATUS }],
    ['a token of null', { as: { ...AS, token: null }, request: STATUS }],
    ['an empty token', { as: { ...AS, token: '' }, request: STATUS }],
    ['more than it should', { as: { ...AS, isAdmin: true }, request: STATUS }],
    ['a stray key', { as: AS, request: STATUS, role: 'admin' }],
    ['an operation beside the request', { as: AS, request: STATUS, operation: 'status' }],
    ['a request in a request', { as: AS, request: { as: AS, request: STATUS } }],
    ['a request of null', { as: AS, request: null }],
    ['an operation that there is not', { as: AS, request: { operation: 'nothing' } }],
    ['the operation that all objects have', { as: AS, request: { operation: 'toString' } }],
  ])('is refused with %s', (_what, line) => {
    expect(parse(line)).toBeTypeOf('string');
  });

  it('is refused, and no error, whatever it is', () => {
    const line = fc.oneof(
      fc.string(),
      fc.json(),
      fc.record({ as: fc.anything(), request: fc.anything() }).map((value) => JSON.stringify(value) ?? ''),
      fc.string().map((key) => `{"as":{"user":"ann","role":"admin","from":"x",${JSON.stringify(key)}:1},"request":{}}`),
    );
    fc.assert(fc.property(line, (text) => void expect(parseControlLine(text)).toBeTypeOf('string')));
    const good = JSON.stringify({ as: AS, request: STATUS });
    for (let end = 0; end < good.length; end++) expect(parseControlLine(good.slice(0, end))).toBeTypeOf('string');
  });

  it('does not take a prototype for a field', () => {
    expect(parseControlLine('{"__proto__":{"operation":"status"}}')).toBeTypeOf('string');
    expect(
      parseControlLine('{"as":{"__proto__":{"user":"a","role":"admin","from":"x"}},"request":{"operation":"status"}}'),
    ).toBeTypeOf('string');
  });
});
