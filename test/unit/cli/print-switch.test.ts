import { describe, expect, it } from 'vitest';
import { type PrimeAnswer, printPrimed, printReleased, printSwitches } from '../../../src/cli/print-switch.ts';
import { joinSwitches } from '../../../src/cli/switch-rows.ts';

const bridge = {
  name: 'br0',
  datapathId: '0000000000000001',
  datapathType: '',
  failMode: 'secure',
  protocols: ['OpenFlow10', 'OpenFlow13'],
  controllers: [{ target: 'tcp:192.0.2.1:6653', isConnected: true }],
};
const held = { datapathId: '0000000000000001', peer: '192.0.2.9:40000', allowFlows: 3, dropFlows: 1 };

describe('the list of switches', () => {
  it('joins bridges and switches of the running gluewall by datapath id', () => {
    const other = { ...held, datapathId: '00000000000000ff' };
    const rows = joinSwitches([bridge, { ...bridge, name: 'br1', datapathId: '' }], [held, other]);
    expect(rows.map(({ bridge: name, datapathId, gluewall }) => [name, datapathId, gluewall?.allowFlows])).toEqual([
      ['br0', '0000000000000001', 3],
      ['br1', '', undefined],
      [null, '00000000000000ff', 3],
    ]);
  });

  it('is a table with what is not known as a dash, and what nobody set as what it means', () => {
    const bare = { ...bridge, name: 'br1', datapathId: '', failMode: '', protocols: [], controllers: [] };
    const waiting = { ...bridge, controllers: [{ target: 'tcp:192.0.2.1:6653', isConnected: false }] };
    const lines = printSwitches(joinSwitches([waiting, bare], [{ ...held, datapathId: '00000000000000ff' }]));
    expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
      ['BRIDGE', 'DATAPATH ID', 'FAIL MODE', 'PROTOCOLS', 'CONTROLLERS', 'GLUEWALL'],
      ['br0', '0000000000000001', 'secure', 'OpenFlow10,OpenFlow13', 'tcp:192.0.2.1:6653 (not connected)', '-'],
      ['br1', '-', 'standalone', 'all', 'none', '-'],
      ['-', '00000000000000ff', '-', '-', '-', '3 allow flows, 1 drop flows'],
    ]);
  });
});

describe('what became of a bridge', () => {
  const primed: PrimeAnswer = {
    bridge: 'br0',
    outcome: 'primed',
    datapathId: '0000000000000001',
    flows: 18,
    changed: 2,
    verdictFlows: 0,
    hasMeters: true,
    showsFragmentPorts: true,
    missingPorts: [],
    warnings: [],
  };

  it('that was primed is told with the flows kept and the warnings', () => {
    expect(printPrimed(primed)).toEqual(['br0: primed, 18 base flows stand (2 changes)']);
    expect(printPrimed({ ...primed, verdictFlows: 4, warnings: ['mind the gap'] })).toEqual([
      'br0: primed, 18 base flows stand (2 changes); 4 of earlier verdicts stay until their time is over',
      'br0: warning: mind the gap',
    ]);
  });

  it('that has its controller, or was refused, is told so', () => {
    const attended = { bridge: 'br0', outcome: 'attended', controller: 'tcp:192.0.2.1:6653', flows: 18 } as const;
    expect(printPrimed(attended)[0]).toContain('left to its controller tcp:192.0.2.1:6653');
    expect(printPrimed({ bridge: 'br0', outcome: 'refused', code: 'x', message: 'bridge br0: no' })).toEqual([
      'bridge br0: no',
    ]);
  });

  it('that was released is told with the way to end its controller', () => {
    const released = {
      bridge: 'br0',
      outcome: 'released',
      datapathId: '1',
      removed: 18,
      othersInTable0: 0,
      controllers: [],
    } as const;
    expect(printReleased(released)).toEqual([
      'br0: released, 18 flows of gluewall removed; one flow switches everything',
    ]);
    const lines = printReleased({ ...released, othersInTable0: 2, controllers: ['tcp:192.0.2.1:6653'] });
    expect(lines[0]).toContain('; 2 flows of others in table 0 stay');
    expect(lines.at(-1)).toContain('ovs-vsctl del-controller br0 -- del-fail-mode br0');
  });
});
