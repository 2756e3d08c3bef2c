import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AuditHead,
  CHAIN_START,
  composeRecord,
  formatHead,
  MAX_LINE_OCTETS,
  parseHead,
  parseRecord,
} from '../../../../src/traceback/audit/audit-record.ts';
import { caseRecords } from '../../../../src/traceback/audit/case-records.ts';
import { verifyAudit } from '../../../../src/traceback/audit/verify-audit.ts';
import { auditEntry, numbered } from '../../../support/audit-entries.ts';

const AT_MS = Date.UTC(2026, 10, 20, 12);
const COUNT = 12;

let folder: string;
let path: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-verify-'));
  path = join(folder, 'audit.jsonl');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** So many records, and the heads behind them; the head at 0 is that of an empty log. */
function chain(count: number, start = CHAIN_START): { lines: string[]; heads: AuditHead[] } {
  const heads: AuditHead[] = [start];
  const lines: string[] = [];
  for (let index = 0; index < count; index++) {
    const { line, head } = composeRecord(heads.at(-1)!, AT_MS + index, auditEntry(index + 1));
    lines.push(line);
    heads.push(head);
  }
  return { lines, heads };
}

function verify(lines: readonly string[] | Buffer, kept?: AuditHead) {
  writeFileSync(path, Buffer.isBuffer(lines) ? lines : lines.map((line) => `${line}\n`).join(''));
  return verifyAudit(path, kept);
}

const { lines, heads } = chain(COUNT);

describe('a log that is as it was written', () => {
  it('is whole, and has its last head', async () => {
    const start = CHAIN_START;
    expect(await verify(lines)).toEqual({ records: COUNT, start, parts: 1, head: heads[COUNT], fault: undefined });
    expect(await verify([])).toEqual({ records: 0, start, parts: 1, head: CHAIN_START, fault: undefined });
  });

  it('goes on from the head that was kept when older parts were put away, and from no other', async () => {
    await verify(lines.slice(5));
    const start = heads[5]!;
    const whole = { records: COUNT - 5, start, parts: 1, head: heads[COUNT], fault: undefined };
    expect(await verifyAudit(path, undefined, start)).toEqual(whole);
    expect((await verifyAudit(path, heads[COUNT - 1], start)).fault).toBeUndefined();
    for (const other of [heads[4]!, heads[6]!, { ...start, hash: 'ab'.repeat(32) }, undefined]) {
      expect((await verifyAudit(path, undefined, other)).fault).toMatchObject({ line: 1 });
    }
  });

  it('is read from its second record on where nobody says what it goes on from', async () => {
    await verify(lines.slice(5));
    const { records, head, fault } = await caseRecords(path, auditEntry(8).case!);
    expect({ head, fault }).toEqual({ head: formatHead(heads[COUNT]!), fault: undefined });
    expect(records.map(({ line }) => line)).toEqual([lines[7], lines[10]]);
    await verify([...lines.slice(5, 8), ...lines.slice(9)]);
    expect((await caseRecords(path, auditEntry(8).case!)).fault).toMatch(/^record 9: /);
  });

  it('has every head that was kept', async () => {
    for (const head of heads) expect(await verify(lines, head)).toMatchObject({ fault: undefined });
  });

  it('has no parts where there is no file', async () => {
    expect(await verifyAudit(join(folder, 'none'))).toMatchObject({ parts: 0, records: 0 });
    expect(await verifyAudit(join(folder, 'nowhere', 'none'))).toMatchObject({ parts: 0, records: 0 });
  });
});

describe('a log that was changed', () => {
  /** A few records, for what is done at every octet. */
  const few = lines.slice(0, 4);
  const octets = Buffer.from(few.map((line) => `${line}\n`).join(''));

  /** The record that an octet belongs to. */
  const recordAt = (offset: number) => octets.subarray(0, offset).toString('latin1').split('\n').length;

  it('is found out at every octet, with the number of its record', async () => {
    for (let offset = 0; offset < octets.length; offset++) {
      const changed = Buffer.from(octets);
      changed[offset]! ^= 1 << (offset % 8);
      const { fault } = await verify(changed);
      expect(fault?.number, `octet ${offset}`).toBe(recordAt(offset));
    }
  }, 60_000);

  it('is found out whatever an octet becomes, and when one is put in or taken out', async () => {
    const change = fc.record({
      offset: fc.nat(octets.length - 1),
      octet: fc.nat(255),
      how: fc.constantFrom('change', 'insert', 'remove'),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ offset, octet, how }) => {
        const before = octets.subarray(0, offset);
        const after = octets.subarray(how === 'insert' ? offset : offset + 1);
        const changed = Buffer.concat([before, how === 'remove' ? Buffer.alloc(0) : Buffer.from([octet]), after]);
        const { fault } = await verify(changed);
        // The second of two equal octets may be the one that was put in or taken out.
        if (changed.equals(octets)) expect(fault).toBeUndefined();
        else expect(fault?.number).toBeLessThanOrEqual(recordAt(offset) + 1);
        if (!changed.equals(octets)) expect(fault).toBeDefined();
      }),
      { numRuns: 1000 },
    );
  }, 60_000);

  it('is found out at every cut', async () => {
    for (let length = 0; length < octets.length; length++) {
      const { fault, records } = await verify(octets.subarray(0, length));
      if (length > 0 && octets[length - 1] !== 0x0a) {
        expect(fault).toMatchObject({ isCut: true, number: records + 1 });
        continue;
      }
      // Between two lines only who kept a head elsewhere can tell.
      expect(fault).toBeUndefined();
      expect((await verifyAudit(path, heads[few.length])).fault).toMatchObject({ number: records + 1 });
    }
  }, 60_000);

  it('is found out when a record is removed, put in, put twice, or changes places', async () => {
    for (let index = 0; index < COUNT - 1; index++) {
      const without = await verify(lines.toSpliced(index, 1));
      expect(without.fault).toMatchObject({
        number: index + 1,
        line: index + 1,
        why: expect.stringMatching(/is missing/),
      });
      const twice = await verify(lines.toSpliced(index, 0, lines[index]!));
      expect(twice.fault).toMatchObject({ number: index + 2, why: expect.stringMatching(/stands here again/) });
      const swapped = lines.toSpliced(index, 2, lines[index + 1]!, lines[index]!);
      expect((await verify(swapped)).fault).toMatchObject({ number: index + 1 });
      const foreign = chain(COUNT, { number: 0, hash: 'f'.repeat(64) }).lines[index]!;
      expect((await verify(lines.toSpliced(index, 1, foreign))).fault).toMatchObject({ number: index + 1 });
      const added = await verify(lines.toSpliced(index + 1, 0, ''));
      expect(added.fault).toMatchObject({ number: index + 2, why: expect.stringMatching(/no record/) });
    }
  });

  it('is found out when its end was written anew, if a head was kept elsewhere', async () => {
    const forged = [...lines.slice(0, 5), ...chain(COUNT - 5, heads[4]).lines];
    expect((await verify(forged)).fault).toMatchObject({ number: 6 });
    const { line } = composeRecord(heads[COUNT - 1]!, AT_MS, auditEntry(99));
    const anew = [...lines.slice(0, -1), line];
    expect((await verify(anew)).fault).toBeUndefined();
    expect((await verify(anew, heads[COUNT])).fault).toMatchObject({
      number: COUNT,
      why: expect.stringMatching(/another hash/),
    });
    expect((await verify(lines.slice(0, 4), heads[7])).fault).toMatchObject({
      number: 5,
      line: 5,
      why: expect.stringMatching(/record 7 was there: the end was cut off/),
    });
  });

  it('may be anything: octets at random are a fault, and bounded in memory', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 3000 }), async (octetsAtRandom) => {
        expect((await verify(Buffer.from(octetsAtRandom))).fault).toMatchObject({ number: 1 });
      }),
      { numRuns: 200 },
    );
    const endless = await verify(Buffer.alloc(20 * MAX_LINE_OCTETS, 'x'));
    expect(endless.fault).toMatchObject({ number: 1, why: expect.stringMatching(/longer than a record can be/) });
  });
});

describe('parts', () => {
  it('are one chain; one that is missing, or has another place, is found out', async () => {
    const at = (number: number) => `${path}.${number}`;
    const text = (from: number, to: number) => `${lines.slice(from, to).join('\n')}\n`;
    writeFileSync(at(1), text(0, 4));
    writeFileSync(at(2), text(4, 7));
    writeFileSync(at(10), text(7, 9));
    expect(await verify(lines.slice(9))).toMatchObject({ records: COUNT, parts: 4, fault: undefined });
    renameSync(at(1), at(3));
    expect((await verifyAudit(path)).fault).toMatchObject({
      file: at(2),
      number: 1,
      why: expect.stringMatching(/records 1 to 4 are missing/),
    });
    rmSync(at(3));
    writeFileSync(at(1), text(0, 4));
    rmSync(at(2));
    expect((await verifyAudit(path)).fault).toMatchObject({ file: at(10), number: 5 });
    for (const number of [1, 10]) rmSync(at(number));
  });
});

describe('records', () => {
  it('have a hash over all before them', () => {
    const [first, second] = lines.map((line) => Buffer.from(line));
    expect(parseRecord(first!, CHAIN_START.hash)).toMatchObject({ record: { number: 1, entry: auditEntry(1) } });
    const parsed = parseRecord(second!, heads[1]!.hash)!;
    expect(parsed.record.hash).toBe(parsed.expectedHash);
    expect(parseRecord(second!, heads[2]!.hash)!.expectedHash).not.toBe(parsed.record.hash);
  });

  it('have a head that can be written down', () => {
    for (const head of heads) expect(parseHead(formatHead(head))).toEqual(head);
    for (const text of ['', '1', '1:', `1:${'g'.repeat(64)}`, `x:${'0'.repeat(64)}`, `1:${'0'.repeat(63)}`]) {
      expect(parseHead(text)).toBeUndefined();
    }
  });

  it('of a case are found with what their hashes go on from', async () => {
    await verify(lines);
    const found = await caseRecords(path, numbered(1001));
    expect(found).toMatchObject({ head: formatHead(heads[COUNT]!), fault: undefined });
    expect(found.records).toHaveLength(4);
    for (const { line, previousHash } of found.records) {
      const { record, expectedHash } = parseRecord(Buffer.from(line), previousHash)!;
      expect(record.hash).toBe(expectedHash);
      expect(record.entry).toMatchObject({ case: numbered(1001) });
    }
    writeFileSync(path, readFileSync(path, 'utf8').replace('w5.example', 'w6.example'));
    expect(await caseRecords(path, numbered(1001))).toMatchObject({ fault: expect.stringMatching(/^record 5: /) });
  });
});
