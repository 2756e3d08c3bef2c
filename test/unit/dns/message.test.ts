import { describe, expect, it } from 'vitest';
import { readQuestion } from '../../../src/dns/message.ts';
import { composeQuery } from '../../support/dns-messages.ts';

describe('readQuestion', () => {
  it('reads header and question, with the letter case of the name', () => {
    const octets = composeQuery('wWw.eXample.org', 0xfedc);
    expect(readQuestion(octets, 0, octets.length)).toEqual({
      ok: true,
      id: 0xfedc,
      isResponse: false,
      opcode: 0,
      truncated: false,
      recursionDesired: true,
      headerRcode: 0,
      question: { name: '\x03wWw\x07eXample\x03org\0', type: 1, class: 1 },
      questionEnd: octets.length,
    });
  });

  it('reads each bit of the flags by itself', () => {
    const octets = composeQuery('a');
    const fields = (flags: number) => {
      octets.writeUInt16BE(flags, 2);
      const head = readQuestion(octets, 0, octets.length);
      return head.ok && [head.isResponse, head.opcode, head.truncated, head.recursionDesired, head.headerRcode];
    };
    expect(fields(0x8000)).toEqual([true, 0, false, false, 0]);
    expect(fields(0x7800)).toEqual([false, 15, false, false, 0]);
    expect(fields(0x0200)).toEqual([false, 0, true, false, 0]);
    expect(fields(0x0100)).toEqual([false, 0, false, true, 0]);
    expect(fields(0x000f)).toEqual([false, 0, false, false, 15]);
    expect(fields(0x04f0)).toEqual([false, 0, false, false, 0]);
  });

  it('says why for every truncation', () => {
    const octets = composeQuery('www.example.org');
    for (let end = 0; end < octets.length; end++) {
      const problem = end < 12 ? 'short-header' : end < octets.length - 4 ? 'bad-name' : 'record-overrun';
      expect(readQuestion(octets, 0, end)).toEqual({ ok: false, problem });
    }
  });

  it.each([0, 2, 10, 65535])('refuses %i questions', (count) => {
    const octets = composeQuery('www.example.org');
    octets.writeUInt16BE(count, 4);
    expect(readQuestion(octets, 0, octets.length)).toEqual({ ok: false, problem: 'question-count' });
  });

  it('refuses a question whose name points into the header', () => {
    const octets = Buffer.concat([composeQuery('a').subarray(0, 12), Buffer.from('c00000010001', 'hex')]);
    octets.writeUInt16BE(0, 0);
    // The header begins with the octets 0 0: as a name, the root.
    expect(readQuestion(octets, 0, octets.length)).toMatchObject({ ok: true });
    octets.writeUInt16BE(0x4000, 0);
    expect(readQuestion(octets, 0, octets.length)).toEqual({ ok: false, problem: 'bad-name' });
  });
});
