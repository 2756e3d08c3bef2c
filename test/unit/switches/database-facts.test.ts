import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDatabase, whyNot } from '../../../src/switches/database-facts.ts';

const ID = '23cf9267-bef0-4b5d-bdfd-68fd607ef1af';
const OTHER_ID = '33cf9267-bef0-4b5d-bdfd-68fd607ef1af';

const root = (otherConfig: unknown) => table(['other_config'], [[otherConfig]]);
const bridges = (...rows: unknown[][]) =>
  table(['name', 'datapath_id', 'datapath_type', 'fail_mode', 'protocols', 'controller'], rows);
const controllers = (...rows: unknown[][]) => table(['_uuid', 'target', 'is_connected'], rows);

function table(headings: readonly string[], data: readonly unknown[][]): string {
  return JSON.stringify({ data, headings });
}

const empty = ['set', []];
const text = (...lines: string[]) => `${lines.join('\n')}\n`;

describe('what ovs-vsctl prints', () => {
  it('is read, one value alone or a set of them', () => {
    const answer = text(
      root(['map', [['vlan-limit', '2']]]),
      bridges(
        ['br0', '0000000000000001', 'netdev', 'secure', 'OpenFlow13', ['uuid', ID]],
        [
          'br1',
          empty,
          '',
          empty,
          ['set', ['OpenFlow10', 'OpenFlow13']],
          [
            'set',
            [
              ['uuid', ID],
              ['uuid', OTHER_ID],
            ],
          ],
        ],
        ['br2', empty, '', empty, empty, empty],
      ),
      controllers([['uuid', ID], 'tcp:127.0.0.1:6653', true], [['uuid', OTHER_ID], 'tcp:192.0.2.1:6653', false]),
    );
    const here = { target: 'tcp:127.0.0.1:6653', isConnected: true };
    const there = { target: 'tcp:192.0.2.1:6653', isConnected: false };
    const unset = { datapathId: '', datapathType: '', failMode: '' };
    expect(parseDatabase(answer)).toEqual({
      vlanLimit: 2,
      bridges: [
        {
          name: 'br0',
          datapathId: '0000000000000001',
          datapathType: 'netdev',
          failMode: 'secure',
          protocols: ['OpenFlow13'],
          controllers: [here],
        },
        { name: 'br1', ...unset, protocols: ['OpenFlow10', 'OpenFlow13'], controllers: [here, there] },
        { name: 'br2', ...unset, protocols: [], controllers: [] },
      ],
    });
  });

  it.each([
    ['nobody set it', ['map', []], undefined],
    ['it is none', ['map', [['vlan-limit', 'many']]], undefined],
    [
      'it is 0',
      [
        'map',
        [
          ['x', 'y'],
          ['vlan-limit', '0'],
        ],
      ],
      0,
    ],
  ])('has a vlan-limit only where one is set: %s', (_name, otherConfig, limit) => {
    expect(parseDatabase(text(root(otherConfig), bridges(), controllers()))?.vlanLimit).toBe(limit);
  });

  it('is refused when a table is missing or is no table', () => {
    const whole = [root(['map', []]), bridges(), controllers()];
    for (const broken of ['', 'null', '[]', '{"headings": []}', '{"data": 1, "headings": []}', 'ovs-vsctl: no']) {
      for (const place of [0, 1, 2]) {
        const lines = whole.with(place, broken);
        expect(parseDatabase(text(...lines))).toBeUndefined();
      }
    }
    for (let end = 0; end < text(...whole).length - 1; end++) {
      expect(parseDatabase(text(...whole).slice(0, end))).toBeUndefined();
    }
  });

  it('never throws, whatever stands in its cells', () => {
    const cells = fc.array(fc.jsonValue(), { maxLength: 7 });
    fc.assert(
      fc.property(fc.array(cells, { maxLength: 3 }), cells, fc.jsonValue(), (rows, controllerCells, otherConfig) => {
        const facts = parseDatabase(text(root(otherConfig), bridges(...rows), controllers(controllerCells)));
        expect(facts?.bridges).toHaveLength(rows.length);
        for (const bridge of facts!.bridges) expect(typeof bridge.name).toBe('string');
      }),
    );
  });
});

describe('what stands in the way of ovs-vsctl', () => {
  const refused = (said: string) => whyNot({ code: 1, message: 'Command failed' }, said);

  it.each([
    [{ problem: 'ovs-vsctl is not installed' }, whyNot({ code: 'ENOENT', message: 'spawn' }, '')],
    [{ remedy: 'run as root' }, refused('ovs-vsctl: db.sock: database connection failed (Permission denied)\nmore')],
    [{ problem: 'ovs-vsctl: gone', remedy: expect.stringContaining('start') }, refused('ovs-vsctl: gone\n')],
    [{ problem: 'Command failed' }, refused('')],
  ])('is said with a remedy: %j', (expected, told) => {
    expect(told).toMatchObject(expected);
    expect(told.remedy).not.toBe('');
  });

  it('is said in one bounded line', () => {
    expect(refused('x'.repeat(10_000)).problem).toHaveLength(300);
  });
});
