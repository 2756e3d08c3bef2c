/**
 * TCP connections judged by their first message, between TCP of the kernel and nsd, through a real switch. The book is joined to
 * the switch by the shortest way: every packet of the client to port 53 comes here, and no flow is made.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { readQuestion } from '../../src/dns/message.ts';
import { formatName } from '../../src/dns/name.ts';
import { TcpOpenings, type TcpOutcome, type TcpOver } from '../../src/firewall/tcp-openings.ts';
import type { MessageOf } from '../../src/openflow/message.ts';
import { CONTROLLER_MAX_LENGTH, NO_BUFFER, Port } from '../../src/openflow/schema/constants.ts';
import { FrameView } from '../../src/packet/frame.ts';
import type { TcpResets } from '../../src/packet/tcp-reset.ts';
import { describeIf } from '../support/describe-if.ts';
import { composeQuery } from '../support/dns-messages.ts';
import { withTcpLength } from '../support/frames.ts';
import type { OpenFlowClient } from '../support/openflow-client.ts';
import { octetByOctet, type TcpExchange } from '../support/tcp-client.ts';
import { ENDS, TcpEnds } from '../support/tcp-ends.ts';
import { VethBridge } from '../support/veth-bridge.ts';

const ID = 0xbeef;
const ALLOWED = withTcpLength(composeQuery('www.example.org', ID));
const REFUSED = withTcpLength(composeQuery('www.evil.example', ID));
const RECORDER = ENDS.server.ipv4[1];
const CLIENT_PORT = 1;
const POLL_MS = 1;
const [LENGTH, MESSAGE] = [ALLOWED.subarray(0, 2), ALLOWED.subarray(2)];
const isAnswer = (text: string) => text.slice(4, 8) === ID.toString(16) && text.length > 2 * ALLOWED.length;

describeIf(['root', 'namespaces', 'openVswitch'], 'TcpOpenings between TCP of the kernel', () => {
  let bridge: VethBridge;
  let ends: TcpEnds;
  let client: OpenFlowClient;
  let timer: NodeJS.Timeout;
  let openings: TcpOpenings;
  const overs: TcpOver[] = [];
  const frame = new FrameView();

  beforeAll(async () => {
    bridge = await VethBridge.start();
    ends = await TcpEnds.start('gwfact-in', 'gwfact-out');
    const asking = ['tcp', 'tcp6'].map((family) => `priority=9,in_port=1,${family},tp_dst=53,actions=controller:65535`);
    await bridge.addFlows(...asking, 'priority=1,actions=normal');
    client = await bridge.connect();
    client.send({ type: 'setConfig', xid: 0, flags: 0, missSendLen: CONTROLLER_MAX_LENGTH });
    timer = setInterval(() => {
      for (const message of client.received.splice(0)) if (message.type === 'packetIn') take(message);
    }, POLL_MS);
  });
  afterAll(async () => {
    clearInterval(timer);
    client?.close();
    await ends?.stop();
    await bridge?.stop();
  });
  beforeEach(() => {
    overs.length = 0;
    const options = { connections: 64, bytes: 1 << 20, timeMs: 2000 };
    openings = new TcpOpenings(systemClock, options, (over) => {
      overs.push(over);
      reset(over.resets);
    });
  });
  afterEach(() => openings.stop());

  const exchange = (what: Omit<TcpExchange, 'server'>, server: string = ENDS.server.ipv4[0]) =>
    ends.exchange({ ...what, server });

  function send(octets: Buffer, port: number): void {
    const output = { type: 'output', port, maxLength: 0 } as const;
    client.send({
      type: 'packetOut',
      xid: 0,
      bufferId: NO_BUFFER,
      inPort: CLIENT_PORT,
      actions: [output],
      data: octets,
    });
  }

  function reset(resets: TcpResets | undefined): void {
    if (resets === undefined) return;
    send(resets.toServer, Port.NORMAL);
    send(resets.toClient, Port.IN_PORT);
  }

  function take({ data }: MessageOf<'packetIn'>): void {
    const octets = Buffer.from(data);
    expect(frame.parse(octets, 0, octets.length)).toBeUndefined();
    carryOut(openings.take('1', CLIENT_PORT, frame, octets, 0, octets.length), octets);
  }

  function carryOut(outcome: TcpOutcome, octets: Buffer): void {
    if (outcome.kind === 'release') send(outcome.composed ?? octets, Port.NORMAL);
    else if (outcome.kind === 'over') reset(outcome.resets);
    else if (outcome.kind === 'hold' && outcome.acknowledgement !== undefined)
      send(outcome.acknowledgement, Port.IN_PORT);
    else if (outcome.kind === 'whole') {
      const head = readQuestion(outcome.octets, outcome.start, outcome.end);
      const isAllowed = head.ok && formatName(head.question.name).includes('example.org');
      if (!isAllowed) reset(openings.refuse(outcome.opening));
      else for (const one of openings.allow(outcome.opening) ?? []) send(one, Port.NORMAL);
    }
  }

  describe('lets an allowed query through', () => {
    it('in one piece, by IPv4 and IPv6', async () => {
      expect(await exchange({ pieces: [[ALLOWED, 0]] })).toSatisfy(isAnswer);
      expect(await exchange({ pieces: [[ALLOWED, 0]] }, ENDS.server.ipv6)).toSatisfy(isAnswer);
      expect(openings.counters.snapshot()).toMatchObject({ opened: 2, whole: 2, allowed: 2 });
    });

    it('of a client that writes the length first and waits, without forging anything', async () => {
      expect(
        await exchange({
          pieces: [
            [LENGTH, 0],
            [MESSAGE, 0],
          ],
        }),
      ).toSatisfy(isAnswer);
      expect(openings.counters.get('acknowledged')).toBe(0);
    });

    it('octet by octet, with and without waiting for acknowledgements', async () => {
      expect(await exchange({ pieces: octetByOctet(ALLOWED, 0), options: ['nodelay'] })).toSatisfy(isAnswer);
      expect(await exchange({ pieces: octetByOctet(ALLOWED, 5), options: ['nodelay'] })).toSatisfy(isAnswer);
      expect(await exchange({ pieces: octetByOctet(ALLOWED, 5) })).toSatisfy(isAnswer);
      expect(openings.counters.get('acknowledged')).toBeGreaterThan(0);
      expect(overs).toEqual([]);
    });

    it('in halves with a pause between, which the client sends again meanwhile', async () => {
      const pieces = [
        [ALLOWED.subarray(0, 20), 600],
        [ALLOWED.subarray(20), 0],
      ] as const;
      expect(await exchange({ pieces })).toSatisfy(isAnswer);
    });

    it('with the end of what the client sends right behind it', async () => {
      expect(await exchange({ pieces: [[ALLOWED, 0]], options: ['end'] })).toSatisfy(isAnswer);
    });

    it('in its SYN, whole and in part', async () => {
      expect(await exchange({ pieces: [[ALLOWED, 0]], options: ['fastopen'] })).toSatisfy(isAnswer);
      const pieces = [
        [ALLOWED.subarray(0, 20), 0],
        [ALLOWED.subarray(20), 0],
      ] as const;
      expect(await exchange({ pieces, options: ['fastopen'] })).toSatisfy(isAnswer);
      expect(openings.counters.get('SYN data')).toBeGreaterThanOrEqual(2);
    });

    it('of a connection whose beginning it has not seen', async () => {
      const answer = exchange({
        pieces: [
          [Buffer.alloc(0), 300],
          [ALLOWED, 0],
        ],
      });
      const forget = setInterval(() => openings.stop(), 50);
      expect(await answer).toSatisfy(isAnswer);
      clearInterval(forget);
      expect(openings.counters.get('opened: foreign')).toBeGreaterThan(0);
    });
  });

  describe('resets a refused one on both its ends, of which the server sees no more than the length', () => {
    const cases: readonly [string, Omit<TcpExchange, 'server'>, string][] = [
      ['in one piece', { pieces: [[REFUSED, 0]] }, ''],
      [
        'behind its length',
        {
          pieces: [
            [REFUSED.subarray(0, 2), 100],
            [REFUSED.subarray(2), 0],
          ],
        },
        REFUSED.toString('hex', 0, 2),
      ],
      ['octet by octet', { pieces: octetByOctet(REFUSED, 5), options: ['nodelay'] }, REFUSED.toString('hex', 0, 2)],
      ['never whole', { pieces: [[REFUSED.subarray(0, 20), 0]] }, ''],
    ];
    for (const [name, what, came] of cases) {
      it(name, async () => {
        const count = ends.recorded.length;
        expect(await exchange(what, RECORDER)).toBe('reset');
        expect(await ends.recordBehind(count)).toBe(`${came} reset`);
      });
    }

    it('in a SYN, which no server sees', async () => {
      const count = ends.recorded.length;
      expect(await exchange({ pieces: [[REFUSED, 0]], options: ['fastopen'] }, RECORDER)).toBe('refused');
      expect(ends.recorded).toHaveLength(count);
    });

    it('by IPv6', async () => {
      expect(await exchange({ pieces: [[REFUSED, 0]] }, ENDS.server.ipv6)).toBe('reset');
    });
  });
});
