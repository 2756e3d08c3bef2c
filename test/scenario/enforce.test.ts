import { describe, expect, it } from 'vitest';
import { play } from '../support/scenario.ts';

const REFERRED = `
  0s     refer org 198.51.100.2 172800
  0s     refer example.org 203.0.113.53 300
`;

describe('a known destination', () => {
  it('is asked for once, then passes in the switch', () => {
    play(`${REFERRED}
      1s     query 192.0.2.10 203.0.113.53 a.example.org => asks
      1s     released 1
      1s     flows allow 203.0.113.53 299s
      1s     says 203.0.113.53 is registered glueA record and pass
      1s     query 192.0.2.10 203.0.113.53 b.example.org => passes
      1s     query 192.0.2.11 203.0.113.53 b.example.org => passes
      1s     query 192.0.2.11 203.0.113.53 - tcp => passes
      1s     query 192.0.2.10 198.51.100.2 a.example.org => asks
      1s     says 198.51.100.2 is registered glueA record and pass
      1s     released 2
    `);
  });

  it('may be a root server, for as long as a flow can last', () => {
    play(`
      1s     query 192.0.2.10 198.51.100.1 org => asks
      1s     says 198.51.100.1 is a root server and pass
      1s     flows allow 198.51.100.1 65535s
      70000s query 192.0.2.10 198.51.100.1 org => passes
    `);
  });

  it('over IPv6', () => {
    play(`
      0s     refer org 2001:db8:1::2 172800
      0s     refer example.org 2001:db8:1::53 300
      1s     query 2001:db8::10 2001:db8:1::53 a.example.org => asks
      1s     says 2001:db8:1::53 is registered glueAAAA record and pass
      1s     flows allow 2001:db8:1::53 299s
      1s     query 2001:db8::10 2001:db8:1::66 a.example.org => asks
      1.05s  says 2001:db8:1::66 is unknown and block
      1.05s  flows allow 2001:db8:1::53 299s; drop 2001:db8::10>2001:db8:1::66 10s
    `);
  });

  it('is judged by address at the SYN of TCP', () => {
    const world = play(`${REFERRED}
      1s     query 192.0.2.10 203.0.113.53 - tcp => asks
      1s     released 1
      1s     says 203.0.113.53 is registered glueA record and pass
      2s     query 192.0.2.10 203.0.113.8 - tcp => asks
      2s     query 192.0.2.10 203.0.113.8 - tcp => asks
      2s     held 1
      2.05s  says 203.0.113.8 is unknown and block
      2.05s  query 192.0.2.10 203.0.113.8 - tcp => drops
    `);
    expect(world.events[0]).toMatchObject({ transport: 'tcp', queryName: undefined, queryType: undefined });
  });
});

describe('an unknown destination', () => {
  it('is held, then dropped by a flow for this client, whose copies still tell the names', () => {
    const world = play(`
      1s     query 192.0.2.66 203.0.113.8 c2.example => asks
      1s     held 1
      1s     flows none
      1.049s says nothing
      1.05s  says 203.0.113.8 is unknown and block
      1.05s  flows drop 192.0.2.66>203.0.113.8 10s
      1.05s  held 0
      2s     query 192.0.2.66 203.0.113.8 next.example => drops
      2s     says 203.0.113.8 is unknown and block
      2s     query 192.0.2.10 203.0.113.8 other.example => asks
      2s     query 192.0.2.66 203.0.113.9 other.example => asks
      11.05s query 192.0.2.66 203.0.113.8 again.example => asks
      11.1s  flows drop 192.0.2.10>203.0.113.8 1s; drop 192.0.2.66>203.0.113.8 10s; drop 192.0.2.66>203.0.113.9 1s
      12s    released 0
      12s    counts blocked 5
    `);
    const names = world.events.map(({ queryName, enforced, heldMs }) => [queryName, enforced, heldMs]);
    expect(names[0]).toEqual(['\x02c2\x07example\0', true, 50]);
    expect(names[1]).toEqual(['\x04next\x07example\0', true, 0]);
    expect(world.events[0]).toMatchObject({
      atMs: world.startMs + 1000,
      inPort: 7,
      datapathId: '000000000000002a',
      clientPort: 40_000,
    });
  });

  it('that a referral names within the hold time is released, byte for byte', () => {
    const world = play(`
      0s     refer org 198.51.100.2 172800
      1s     query 192.0.2.10 203.0.113.53 a.example.org #77 => asks
      1.02s  refer example.org 203.0.113.53 300
      1.02s  released 1
      1.02s  held 0
      1.02s  flows allow 203.0.113.53 300s
      1.02s  says 203.0.113.53 is registered glueA record and pass
      1.02s  counts held and allowed 1
      2s     says nothing
      2s     counts blocked 0
    `);
    expect(world.switch.released[0]!.readUInt16BE(42)).toBe(77);
    expect(world.switch.released[0]!.includes(Buffer.from('\x01a\x07example\x03org\0'))).toBe(true);
    expect(world.events[0]!.heldMs).toBe(20);
  });

  it('that a referral names after the hold time gets through at the next query: its drop flows go at once', () => {
    play(`
      0s     refer org 198.51.100.2 172800
      1s     query 192.0.2.10 203.0.113.53 a.example.org => asks
      1s     query 192.0.2.11 203.0.113.53 a.example.org => asks
      1.06s  flows drop 192.0.2.10>203.0.113.53 10s; drop 192.0.2.11>203.0.113.53 10s
      1.07s  refer example.org 203.0.113.53 300
      1.07s  flows none
      1.07s  query 192.0.2.10 203.0.113.53 a.example.org => asks
      1.07s  released 1
      1.07s  flows allow 203.0.113.53 300s
    `);
  });

  it('held for several clients is released for all, in order', () => {
    const world = play(`
      0s     refer org 198.51.100.2 172800
      1s     query 192.0.2.10 203.0.113.53 a.example.org #1 => asks
      1s     query 192.0.2.11 203.0.113.53 a.example.org #2 => asks
      1.01s  query 192.0.2.10 203.0.113.53 b.example.org #3 => asks
      1.01s  query 192.0.2.10 203.0.113.54 b.example.org #4 => asks
      1.02s  refer example.org 203.0.113.53 300
      1.02s  released 3
      1.02s  held 1
    `);
    expect(world.switch.released.map((frame) => frame.readUInt16BE(42))).toEqual([1, 2, 3]);
    expect(world.switch.added).toEqual(['allow 203.0.113.53 300s']);
  });

  it('asked for again by the same query is held once; by another ID it is another query', () => {
    play(`
      1s     query 192.0.2.10 203.0.113.8 a.example #5 => asks
      1.01s  query 192.0.2.10 203.0.113.8 a.example #5 => asks
      1.01s  counts held: merged 1
      1.01s  held 1
      1.02s  query 192.0.2.10 203.0.113.8 a.example #6 => asks
      1.02s  query 192.0.2.11 203.0.113.8 a.example #5 => asks
      1.02s  held 3
      1.1s   says 203.0.113.8 is unknown and block; 203.0.113.8 is unknown and block; 203.0.113.8 is unknown and block
    `);
  });

  it('with a full hold is refused at once', () => {
    play(
      `
      1s     query 192.0.2.10 203.0.113.8 a.example => asks
      1s     query 192.0.2.11 203.0.113.8 a.example => asks
      1s     says 203.0.113.8 is unknown and block
      1s     flows drop 192.0.2.11>203.0.113.8 10s
      1s     counts held: no room 1
      1s     held 1
    `,
      { hold: { packets: 1 } },
    );
    play(
      `
      1s     query 192.0.2.10 203.0.113.8 a.example => asks
      1s     query 192.0.2.11 203.0.113.8 a.example => asks
      1s     counts held: no room 1
    `,
      { hold: { bytes: 100 } },
    );
  });

  it('without hold time is refused at once', () => {
    play(
      `
      1s     query 192.0.2.10 203.0.113.8 a.example => asks
      1s     says 203.0.113.8 is unknown and block
      1s     held 0
    `,
      { hold: { timeMs: 0 } },
    );
  });
});

describe('the end of an entry', () => {
  it('blocks: the flow is gone and the next query is refused', () => {
    play(`${REFERRED}
      1s     query 192.0.2.10 203.0.113.53 a.example.org => asks
      299s   query 192.0.2.10 203.0.113.53 a.example.org => passes
      300s   query 192.0.2.10 203.0.113.53 a.example.org => asks
      300s   released 1
      300.1s flows drop 192.0.2.10>203.0.113.53 10s
    `);
  });

  it('less than a second away: the query passes by packet_out, without a flow that would be for good', () => {
    const world = play(`${REFERRED}
      299.5s query 192.0.2.10 203.0.113.53 a.example.org => asks
      299.5s released 1
      299.5s flows none
      300s   query 192.0.2.10 203.0.113.53 a.example.org => asks
      301s   released 1
    `);
    expect(world.switch.added).toEqual(['drop 192.0.2.10>203.0.113.53 10s']);
  });

  it('put off by a new referral leaves no gap', () => {
    const steps = Array.from(
      { length: 20 },
      (_, n) => `${298 + n / 10}s query 192.0.2.10 203.0.113.53 a.example.org => passes`,
    );
    const world = play(`${REFERRED}
      1s     query 192.0.2.10 203.0.113.53 a.example.org => asks
      200s   refer example.org 203.0.113.53 300
      ${steps.slice(0, 10).join('\n')}
      299.5s query 192.0.2.10 203.0.113.53 a.example.org => passes
      320s   query 192.0.2.10 203.0.113.53 a.example.org => passes
      499.4s query 192.0.2.10 203.0.113.53 a.example.org => passes
      501s   query 192.0.2.10 203.0.113.53 a.example.org => asks
    `);
    expect(world.switch.added.slice(0, 2)).toEqual(['allow 203.0.113.53 299s', 'allow 203.0.113.53 201s']);
  });

  it('put off in its last second loses no query', () => {
    play(`${REFERRED}
      1.5s   query 192.0.2.10 203.0.113.53 a.example.org => asks
      299.7s refer example.org 203.0.113.53 300
      299.8s query 192.0.2.10 203.0.113.53 a.example.org => asks
      299.8s released 2
      299.8s query 192.0.2.10 203.0.113.53 a.example.org => passes
      301s   query 192.0.2.10 203.0.113.53 a.example.org => passes
    `);
  });

  it('of one triple does not end an address that another triple keeps', () => {
    play(`${REFERRED}
      0s     refer other.org 203.0.113.53 600
      1s     query 192.0.2.10 203.0.113.53 a.example.org => asks
      310s   query 192.0.2.10 203.0.113.53 a.example.org => passes
    `);
  });
});

describe('the allow-list', () => {
  it('releases and unblocks at once, and blocks again when it is taken back', () => {
    play(`
      1s     query 192.0.2.10 203.0.113.8 a.example => asks
      1.05s  flows drop 192.0.2.10>203.0.113.8 10s
      2s     query 192.0.2.11 203.0.113.8 a.example => asks
      2.01s  allow add 203.0.113.8
      2.01s  released 1
      2.01s  flows allow 203.0.113.8 65535s
      2.01s  query 192.0.2.10 203.0.113.8 a.example => passes
      3s     allow remove 203.0.113.8
      3s     flows none
      3s     query 192.0.2.10 203.0.113.8 a.example => asks
      3.1s   says 203.0.113.8 is unknown and block; 203.0.113.8 is allowed by rule allow-203.0.113.8 (test) and pass; 203.0.113.8 is unknown and block
    `);
  });

  it('taken back from an address that is known too leaves no flow that outlives the entry', () => {
    play(`${REFERRED}
      1s     allow add 203.0.113.53
      1s     query 192.0.2.10 203.0.113.53 a.example.org => asks
      1s     flows allow 203.0.113.53 65535s
      2s     allow remove 203.0.113.53
      2s     flows allow 203.0.113.53 298s
      2s     query 192.0.2.10 203.0.113.53 a.example.org => passes
    `);
  });

  it('keeps an address whose entry expires', () => {
    play(
      `${REFERRED}
      1s     query 192.0.2.10 203.0.113.53 a.example.org => asks
      1s     says 203.0.113.53 is allowed by rule allow-203.0.113.53 (test) and pass
      400s   query 192.0.2.10 203.0.113.53 a.example.org => passes
    `,
      { allow: ['203.0.113.53'] },
    );
  });
});

describe('budgets', () => {
  const SPENT = `
      1s     query 192.0.2.66 203.0.113.1 a.example => asks
      1s     query 192.0.2.66 203.0.113.2 a.example => asks
      1s     query 192.0.2.66 203.0.113.3 a.example => asks
      1.05s  flows drop 192.0.2.66>203.0.113.1 10s; drop 192.0.2.66>203.0.113.2 10s; drop 192.0.2.66>all 10s
  `;

  it('beyond its budget a client has one drop flow, and a copied query to a known destination gets through', () => {
    play(`${REFERRED} ${SPENT}
      2s     query 192.0.2.66 203.0.113.4 b.example => drops
      2s     query 192.0.2.66 203.0.113.53 a.example.org => drops
      2s     released 1
      2s     query 192.0.2.66 203.0.113.53 a.example.org => passes
      2s     query 192.0.2.10 203.0.113.4 b.example => asks
      12s    query 192.0.2.66 203.0.113.4 b.example => asks
    `);
  });

  it('a destination that becomes known under a client drop flow gets through at the first copy', () => {
    play(`
      0s     refer org 198.51.100.2 172800
      ${SPENT}
      2s     query 192.0.2.66 203.0.113.53 a.example.org => drops
      2.01s  refer example.org 203.0.113.53 300
      3s     query 192.0.2.66 203.0.113.53 a.example.org => drops
      3s     released 1
      3s     query 192.0.2.66 203.0.113.53 a.example.org => passes
    `);
  });

  it('a spent budget of allow flows lets known destinations pass one by one', () => {
    play(
      `${REFERRED}
      1s     query 192.0.2.10 198.51.100.2 a.example.org => asks
      1s     query 192.0.2.10 203.0.113.53 a.example.org => asks
      1s     query 192.0.2.10 203.0.113.53 b.example.org => asks
      1s     released 3
      1s     flows allow 198.51.100.2 172799s
    `.replace('172799s', '65535s'),
      { gate: { allowFlows: 1 } },
    );
  });

  it('a spent budget of drop flows drops one by one', () => {
    play(
      `
      1s     query 192.0.2.10 203.0.113.8 a.example => asks
      1s     query 192.0.2.11 203.0.113.8 a.example => asks
      1.05s  flows drop 192.0.2.10>203.0.113.8 10s
      1.06s  query 192.0.2.11 203.0.113.8 a.example => asks
      2s     counts blocked 3
      2s     released 0
    `,
      { gate: { dropFlows: 1 } },
    );
  });
});

describe('while the switch is away', () => {
  it('nothing is lost of what verdicts say, and what has ended does not come back', () => {
    const world = play(`${REFERRED}
      0s     refer other.org 203.0.113.54 20
      1s     query 192.0.2.10 203.0.113.53 a.example.org => asks
      1s     query 192.0.2.10 203.0.113.54 a.other.org => asks
      1s     query 192.0.2.66 203.0.113.8 a.example => asks
      2s     away
      30s    back
    `);
    const desired = world.gate.desiredFlows().map(({ rule, hardTimeoutSeconds }) => [rule, hardTimeoutSeconds]);
    expect(desired).toEqual([[16, 270]]);
  });
});
