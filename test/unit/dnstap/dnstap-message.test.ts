import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../src/core/address.ts';
import { readDnstap, readDnstapIdentity } from '../../../src/dnstap/dnstap-message.ts';
import { composeDnstap, RESOLVER_RESPONSE } from '../../support/dnstap-frames.ts';

const AT_MS = Date.UTC(2026, 0, 15, 12) + 250;
const FIELDS = {
  type: RESOLVER_RESPONSE,
  socketProtocol: 3,
  queryAddress: '192.0.2.53',
  responseAddress: '198.51.100.1',
  queryPort: 40000,
  responsePort: 853,
  queryAtMs: AT_MS - 20,
  responseAtMs: AT_MS,
  queryMessage: Buffer.from('query'),
  responseMessage: Buffer.from('response'),
};
const PAYLOAD = composeDnstap(FIELDS);
const UNKNOWN_TYPE = 'a type of message that is not known';

describe('readDnstap', () => {
  it('reads what a resolver says of a response', () => {
    expect(readDnstap(PAYLOAD)).toEqual({
      type: 'resolver response',
      socketProtocol: 'dot',
      queryAddress: parseAddress('192.0.2.53'),
      queryPort: 40000,
      responseAddress: parseAddress('198.51.100.1'),
      responsePort: 853,
      queryAtMs: AT_MS - 20,
      responseAtMs: AT_MS,
      queryMessage: Buffer.from('query'),
      responseMessage: Buffer.from('response'),
    });
  });

  it('reads IPv6 addresses, and leaves open what is not there', () => {
    const message = readDnstap(composeDnstap({ type: 3, responseAddress: '2001:db8::1' }));
    expect(message).toMatchObject({ type: 'resolver query', responseAddress: parseAddress('2001:db8::1') });
    expect(message).toMatchObject({ queryAddress: undefined, queryPort: undefined, queryAtMs: undefined });
    expect(message).toMatchObject({ queryMessage: undefined, responseMessage: undefined });
  });

  it.each([
    [0, UNKNOWN_TYPE],
    [1, 'auth query'],
    [7, 'forwarder query'],
    [14, 'update response'],
    [15, UNKNOWN_TYPE],
    [0xffffffff, UNKNOWN_TYPE],
  ])('message type %i is %s', (type, name) => {
    const message = readDnstap(composeDnstap({ type }));
    expect(typeof message === 'string' ? message : message.type).toBe(name);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['no message', Buffer.from([0x78, 1])],
    ['another kind of dnstap', composeDnstap(FIELDS, 2)],
    ['a group', Buffer.from([0x0b])],
    ['a field of number 0', Buffer.from([0x00, 0x00])],
  ])('%s is none', (_, octets) => {
    expect(readDnstap(octets)).toBe('no dnstap');
  });

  it('refuses a group without going into it', () => {
    const group = Buffer.alloc(150_000);
    group[0] = 0x13;
    for (let at = 1; at + 1 < group.length; at += 2) group.set([0x1b, 0x1c], at);
    const startMs = performance.now();
    for (let round = 0; round < 100; round++) expect(readDnstap(group)).toBe('no dnstap');
    expect(performance.now() - startMs).toBeLessThan(50);
    expect(readDnstap(Buffer.from([0x14]))).toBe('no dnstap');
  });

  it('says what its writer calls itself', () => {
    expect(readDnstapIdentity(PAYLOAD)?.toString('latin1')).toBe('resolver-1');
    expect(readDnstapIdentity(Buffer.from([0x0a, 0]))).toBeUndefined();
    expect(readDnstapIdentity(PAYLOAD.subarray(12))).toBeUndefined();
    expect(readDnstapIdentity(Buffer.from([0x0b]))).toBeUndefined();
  });

  it('refuses every payload cut short, but for what ends between fields', () => {
    for (let cut = 0; cut < PAYLOAD.length; cut++) expect(readDnstap(PAYLOAD.subarray(0, cut))).toBe('no dnstap');
  });

  it('never throws, whatever changes', () => {
    for (let at = 0; at < PAYLOAD.length; at++) {
      for (let value = 0; value < 256; value++) {
        const changed = Buffer.from(PAYLOAD);
        changed[at] = value;
        readDnstap(changed);
      }
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => void readDnstap(Buffer.from(octets))));
  });
});
