import { beforeEach, describe, expect, it } from 'vitest';
import { EventFeed } from '../../../src/events/event-feed.ts';
import type { VerdictEvent } from '../../../src/events/verdict-event.ts';
import { FlowAllowance } from '../../../src/firewall/allow-book.ts';
import { AllowedSampler } from '../../../src/firewall/allowed-sampler.ts';
import { Bypasses } from '../../../src/firewall/bypasses.ts';
import { Firewall } from '../../../src/firewall/firewall.ts';
import { Gate } from '../../../src/firewall/gate.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import type { ClientGroup } from '../../../src/policy/client-group.ts';
import { historyOptions } from '../../support/learning.ts';
import { groupOf, policiesOn } from '../../support/policies.ts';
import { RecordingDatapath } from '../../support/recording-datapath.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const ONE = '000000000000000a';
const TWO = '000000000000000b';
const HOUR_MS = 3_600_000;
const LAB = groupOf(7, 'lab', ['192.0.2.0/28']);
const GUESTS = groupOf(8, 'guests', ['192.0.2.64/26']);

/** A gluewall with two switches. */
class Rig {
  readonly clock = new VirtualClock();
  readonly log = new RecordingLog();
  readonly #history = new NsHistory(this.clock, historyOptions({ size: 10 }));
  readonly policies = policiesOn(this.clock, this.#history, [], [LAB, GUESTS]);
  readonly firewall = new Firewall({
    clock: this.clock,
    log: this.log,
    history: this.#history,
    policies: this.policies,
    modeOf: ({ mode }) => mode,
    feed: new EventFeed<VerdictEvent>(this.clock, { size: 10, perRound: 10, roundMs: 20 }, () => undefined),
    sampler: new AllowedSampler(this.clock, HOUR_MS),
    hold: { timeMs: 50, packets: 10, bytes: 10_000 },
    openings: { connections: 10, bytes: 10_000, timeMs: 5000 },
    onLeft: () => undefined,
    onSeen: () => undefined,
  });
  readonly bypasses = new Bypasses(this.clock, this.log, this.firewall);
  readonly paths = new Map<string, RecordingDatapath>();

  constructor() {
    for (const datapathId of [ONE, TWO]) this.addSwitch(datapathId);
  }

  addSwitch(datapathId: string): Gate {
    const gate = new Gate(datapathId, this.clock, {
      allowFlows: 10,
      allowance: new FlowAllowance(10),
      dropFlowSeconds: 10,
      dropFlowsPerClient: 4,
      dropFlows: 10,
      install: 'reactive',
    });
    const path = new RecordingDatapath();
    gate.connect(path, true);
    this.paths.set(datapathId, path);
    this.firewall.addGate(gate, 10);
    this.bypasses.applyTo(gate);
    return gate;
  }

  /** The switch is brought in step, and has a bypass that nobody here knows of. */
  find(datapathId: string, group: number | undefined, secondsLeft: number): void {
    const gate = this.firewall.gate(datapathId)!;
    for (const bypass of this.firewall.adopt(gate, [{ kind: 'bypass', group, secondsLeft }]))
      this.bypasses.found(gate, bypass, this.policies.groups);
  }

  begin(group: ClientGroup | undefined, forMs: number): void {
    const sinceMs = this.clock.nowMs();
    this.bypasses.begin({ group, sinceMs, untilMs: sinceMs + forMs, reason: 'ticket 4711', owner: 'root' });
  }

  reload(groups: readonly ClientGroup[]): void {
    this.policies.regroup(groups);
    this.bypasses.regrouped(this.policies.groups);
  }

  take(): string[] {
    return [...this.paths].flatMap(([datapathId, path]) => path.take().map((call) => `${datapathId.at(-1)} ${call}`));
  }

  shown(): string[] {
    return this.bypasses.orders.map(
      ({ group, datapathId }) => `${group?.name ?? 'all'} ${datapathId?.at(-1) ?? 'all'}`,
    );
  }

  desired(datapathId: string): number {
    return this.firewall.gate(datapathId)!.desiredFlows().length;
  }
}

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
});

describe('a bypass that was begun here', () => {
  it('is on all switches, also on those that come later, until it is ended', () => {
    rig.begin(undefined, HOUR_MS);
    rig.begin(LAB, HOUR_MS);
    expect(rig.take()).toEqual([
      'a add bypass all 3600s',
      'a add bypass 7 3600s',
      'b add bypass all 3600s',
      'b add bypass 7 3600s',
    ]);
    rig.addSwitch('000000000000000c');
    expect(rig.take()).toEqual(['c add bypass all 3600s', 'c add bypass 7 3600s']);
    expect(rig.bypasses.end(undefined)).toMatchObject({ group: undefined, datapathId: undefined, owner: 'root' });
    expect(rig.take()).toEqual(['a remove bypass all', 'b remove bypass all', 'c remove bypass all']);
    expect(rig.shown()).toEqual(['lab all']);
    expect(rig.bypasses.end(undefined)).toBeUndefined();
  });

  it('is over when its time is', () => {
    rig.begin(LAB, 10_000);
    rig.clock.advance(10_000);
    rig.bypasses.tick();
    expect(rig.shown()).toEqual([]);
    expect(rig.log.lines.at(-1)).toBe('warn: bypass of group lab is over: verdicts are made again');
  });

  it('ends when a reload takes its group away', () => {
    rig.begin(LAB, HOUR_MS);
    rig.begin(undefined, HOUR_MS);
    rig.take();
    rig.reload([LAB, groupOf(1, 'default', [])]);
    expect(rig.take()).toEqual([]);
    rig.reload([GUESTS, groupOf(1, 'default', [])]);
    expect(rig.take()).toEqual(['a remove bypass 7', 'b remove bypass 7']);
    expect(rig.shown()).toEqual(['all all']);
    expect(rig.log.lines.at(-1)).toContain('bypass of group lab is ended, for the group has gone');
  });

  it('ends when another group has the number of its group', () => {
    rig.begin(LAB, HOUR_MS);
    rig.reload([groupOf(7, 'guests', ['192.0.2.64/26']), groupOf(1, 'default', [])]);
    expect(rig.shown()).toEqual([]);
    expect(rig.desired(ONE)).toBe(0);
  });

  it('ends when its group has another number', () => {
    rig.begin(LAB, HOUR_MS);
    rig.reload([groupOf(9, 'lab', ['192.0.2.0/28']), groupOf(1, 'default', [])]);
    expect(rig.shown()).toEqual([]);
    expect(rig.desired(ONE)).toBe(0);
  });
});

describe('a bypass that is found on a switch', () => {
  it('is in force there alone, and is shown so', () => {
    rig.find(TWO, undefined, 36_000);
    expect(rig.take()).toEqual([]);
    expect([rig.desired(ONE), rig.desired(TWO)]).toEqual([0, 1]);
    expect(rig.bypasses.orders).toMatchObject([
      { group: undefined, datapathId: TWO, reason: `found on switch ${TWO}, in force there alone`, owner: '' },
    ]);
    rig.addSwitch('000000000000000c');
    expect(rig.take()).toEqual([]);
  });

  it('of a group is named as the group is', () => {
    rig.find(TWO, LAB.id, 60);
    expect(rig.shown()).toEqual(['lab b']);
    expect(rig.log.lines.at(-1)).toContain('warn: bypass of group lab until');
  });

  it('ends with that of all switches, and alone', () => {
    rig.find(TWO, LAB.id, 60);
    rig.find(ONE, LAB.id, 90);
    expect(rig.bypasses.end(LAB)).toMatchObject({ datapathId: ONE });
    expect(rig.take()).toEqual(['a remove bypass 7', 'b remove bypass 7']);
    expect(rig.shown()).toEqual([]);
  });

  it('gives way to one that is begun', () => {
    rig.find(TWO, LAB.id, 36_000);
    rig.find(TWO, GUESTS.id, 36_000);
    rig.begin(LAB, 60_000);
    expect(rig.take()).toEqual(['a add bypass 7 60s', 'b add bypass 7 60s']);
    expect(rig.shown()).toEqual(['lab all', 'guests b']);
  });

  it('does not come back from a switch that was away when it was ended', () => {
    rig.begin(undefined, HOUR_MS);
    rig.firewall.gate(TWO)!.disconnect();
    rig.bypasses.end(undefined);
    rig.find(TWO, undefined, 3000);
    expect(rig.shown()).toEqual([]);
    expect(rig.desired(TWO)).toBe(0);
  });

  it('for a group that there is not is ended', () => {
    rig.find(TWO, 99, 36_000);
    expect(rig.take()).toEqual(['b remove bypass 99']);
    expect(rig.shown()).toEqual([]);
    expect(rig.desired(TWO)).toBe(0);
    expect(rig.log.lines.at(-1)).toContain(`is ended on switch ${TWO}, for there is no such group`);
  });

  it('ends when a reload takes its group away, or its time is over', () => {
    rig.find(TWO, LAB.id, 60);
    rig.find(TWO, GUESTS.id, 30);
    rig.clock.advance(30_000);
    rig.bypasses.tick();
    expect(rig.shown()).toEqual(['lab b']);
    rig.reload([groupOf(1, 'default', [])]);
    expect(rig.take()).toEqual(['b remove bypass 7']);
    expect(rig.shown()).toEqual([]);
  });

  it('is forgotten with a switch that has made room for others', () => {
    rig.find(TWO, LAB.id, 60);
    rig.firewall.gate(TWO)!.disconnect();
    rig.firewall.addGate(
      new Gate('000000000000000c', rig.clock, {
        allowFlows: 10,
        allowance: new FlowAllowance(10),
        dropFlowSeconds: 10,
        dropFlowsPerClient: 4,
        dropFlows: 10,
        install: 'reactive',
      }),
      2,
    );
    expect(rig.firewall.gate(TWO)).toBeUndefined();
    rig.find(ONE, GUESTS.id, 60);
    expect(rig.shown()).toEqual(['guests a']);
  });
});
