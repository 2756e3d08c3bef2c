import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/core/address.ts';
import { FrameView } from '../../../src/packet/frame.ts';
import { composeQuery } from '../../support/dns-messages.ts';
import { withTcpLength } from '../../support/frames.ts';
import {
  acknowledgedBy,
  DATA,
  FIRST,
  type Fields,
  ISN,
  messageOf,
  OpeningsRig,
  QUERY,
  STREAM,
  sequenceOf,
  whole,
} from '../../support/openings-rig.ts';
import { FLAG } from '../../support/tcp-segments.ts';

describe('TcpOpenings', () => {
  it('sends the handshake on, holds the query for its verdict, and hands the frame back when it is allowed', () => {
    const rig = new OpeningsRig();
    rig.open();
    const outcome = whole(rig.data(0, STREAM.length));
    expect(messageOf(outcome)).toEqual(QUERY);
    expect(outcome.opening.endpoints).toMatchObject({ datapathId: '1', inPort: 1, clientPort: 40_000, serverPort: 53 });
    expect(formatAddress(outcome.opening.endpoints.client)).toBe('192.0.2.1');
    expect(formatAddress(outcome.opening.endpoints.server)).toBe('198.51.100.53');
    expect(rig.read()).toHaveLength(0);
    rig.allow(outcome.opening);
    expect(rig.read()).toEqual(STREAM);
    expect(rig.openings.held).toEqual({ connections: 1, bytes: 0 });
  });

  it('lets what still comes pass once it is allowed, and forgets the connection after a while', () => {
    const rig = new OpeningsRig();
    rig.open();
    const { opening } = whole(rig.data(0, STREAM.length));
    rig.allow(opening);
    expect(rig.data(0, STREAM.length)).toMatchObject({ kind: 'release', composed: undefined });
    expect(rig.segment({ sequence: FIRST + 500, data: Buffer.alloc(900) })).toMatchObject({ kind: 'release' });
    rig.clock.advance(5000);
    expect(rig.openings.held.connections).toBe(0);
    expect(rig.overs).toEqual([]);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it('resets both ends when it is refused, and drops what still comes', () => {
    const rig = new OpeningsRig();
    rig.open();
    const { opening } = whole(rig.data(0, STREAM.length));
    const resets = rig.openings.refuse(opening)!;
    expect(sequenceOf(resets.toServer)).toBe(FIRST);
    expect(sequenceOf(resets.toClient)).toBe(9000);
    expect(rig.openings.held.bytes).toBe(0);
    const sent = rig.sent.length;
    for (const outcome of [rig.data(0, 9), rig.segment({}), rig.syn(), rig.segment({ flags: FLAG.FIN | FLAG.ACK })]) {
      expect(outcome).toEqual({ kind: 'drop' });
    }
    expect(rig.sent).toHaveLength(sent);
    expect(rig.openings.counters.get('dropped after refusal')).toBe(4);
    // The same ports again, for a new connection.
    expect(rig.syn({ sequence: ISN + 77_777 })).toMatchObject({ kind: 'release' });
  });

  it('gives each verdict once', () => {
    const rig = new OpeningsRig();
    rig.open();
    const { opening } = whole(rig.data(0, STREAM.length));
    expect(rig.openings.allow(opening)).toHaveLength(1);
    expect(rig.openings.allow(opening)).toBeUndefined();
    expect(rig.openings.refuse(opening)).toBeUndefined();
    expect(rig.data(0, STREAM.length)).toMatchObject({ kind: 'release' });
  });

  it('sends the length on by itself: a client may wait for its acknowledgement before it sends the rest', () => {
    const rig = new OpeningsRig();
    rig.open();
    expect(rig.data(0, 2)).toMatchObject({ kind: 'release' });
    expect(rig.data(0, 2), 'lost on the way').toMatchObject({ kind: 'release' });
    const outcome = whole(rig.data(2, STREAM.length));
    expect(messageOf(outcome)).toEqual(QUERY);
    expect(rig.read()).toEqual(STREAM.subarray(0, 2));
    const frames = rig.openings.allow(outcome.opening)!;
    expect(frames.map(sequenceOf)).toEqual([FIRST + 2]);
  });

  it('resets the server where it stands, behind the length it was sent', () => {
    const rig = new OpeningsRig();
    rig.open();
    rig.data(0, 1);
    rig.data(1, 2);
    const { opening } = whole(rig.data(0, STREAM.length));
    expect(sequenceOf(rig.openings.refuse(opening)!.toServer)).toBe(FIRST + 2);
  });

  it('holds an octet of the length that comes before the one ahead of it', () => {
    const rig = new OpeningsRig();
    rig.open();
    expect(rig.data(1, 2)).toMatchObject({ kind: 'hold' });
    expect(rig.data(0, 1)).toMatchObject({ kind: 'release' });
    const { opening } = whole(rig.data(2, STREAM.length));
    expect(opening.serverExpects).toBe(FIRST + 1);
    rig.allow(opening);
    expect(rig.read()).toEqual(STREAM);
  });

  it('puts a message together that comes octet by octet', () => {
    const rig = new OpeningsRig();
    rig.open();
    for (let at = 0; at + 1 < STREAM.length; at++) {
      expect(rig.data(at, at + 1).kind).toBe(at < 2 ? 'release' : 'hold');
    }
    const outcome = whole(rig.data(STREAM.length - 1, STREAM.length));
    expect(messageOf(outcome)).toEqual(QUERY);
    rig.allow(outcome.opening);
    expect(rig.read()).toEqual(STREAM);
  });

  it('is whole at every cut', () => {
    for (let cut = 1; cut < STREAM.length; cut++) {
      const rig = new OpeningsRig();
      rig.open();
      expect(rig.data(cut, STREAM.length), 'the later half first').toEqual({
        kind: 'hold',
        acknowledgement: undefined,
      });
      const outcome = whole(rig.data(0, cut));
      expect(messageOf(outcome)).toEqual(QUERY);
      rig.allow(outcome.opening);
      expect(rig.read()).toEqual(STREAM);
    }
  });

  it('judges only the first of several messages, and sends the rest on with it', () => {
    const rig = new OpeningsRig();
    rig.open();
    const stream = Buffer.concat([STREAM, withTcpLength(composeQuery('evil.example')), STREAM.subarray(0, 7)]);
    const outcome = whole(rig.data(0, stream.length, {}, stream));
    expect(messageOf(outcome)).toEqual(QUERY);
    rig.allow(outcome.opening);
    expect(rig.read()).toEqual(stream);
  });

  it('hands over what is no query as it is: an empty message, one of an octet', () => {
    for (const message of [Buffer.alloc(0), Buffer.alloc(1, 7)]) {
      const rig = new OpeningsRig();
      rig.open();
      const stream = Buffer.concat([withTcpLength(message), STREAM]);
      expect(messageOf(whole(rig.data(0, stream.length, {}, stream)))).toEqual(message);
    }
  });

  it('holds what comes while the verdict is put off, and hands it back in order', () => {
    const rig = new OpeningsRig();
    rig.open();
    const stream = Buffer.concat([STREAM, STREAM, STREAM]);
    const { opening } = whole(rig.data(0, STREAM.length));
    expect(rig.data(0, STREAM.length), 'sent again').toEqual({ kind: 'hold', acknowledgement: undefined });
    expect(rig.data(80, stream.length, {}, stream)).toMatchObject({ kind: 'hold' });
    expect(rig.data(STREAM.length, 80, {}, stream)).toMatchObject({ kind: 'hold' });
    expect(rig.segment({ sequence: FIRST + 20_000, data: STREAM }), 'far ahead').toEqual({ kind: 'drop' });
    expect(rig.segment({ sequence: FIRST + 200, data: Buffer.alloc(16_100) }), 'too much').toEqual({ kind: 'drop' });
    rig.allow(opening);
    expect(rig.read()).toEqual(stream);
  });

  it('acknowledges what it holds to a client that sends it again, and from then on at once', () => {
    const rig = new OpeningsRig();
    rig.open();
    expect(rig.data(0, 10)).toEqual({ kind: 'hold', acknowledgement: undefined });
    expect(acknowledgedBy(rig.data(0, 10))).toBe(FIRST + 10);
    expect(acknowledgedBy(rig.data(10, 12))).toBe(FIRST + 12);
    expect(acknowledgedBy(rig.data(20, 22)), 'no more than what has come without a gap').toBe(FIRST + 12);
    expect(rig.openings.counters.get('acknowledged')).toBe(3);
    const { opening } = whole(rig.data(12, STREAM.length));
    rig.allow(opening);
    expect(rig.read()).toEqual(STREAM);
  });

  it('acknowledges at once what a client sends again together with more', () => {
    const rig = new OpeningsRig();
    rig.open();
    rig.data(0, 10);
    expect(acknowledgedBy(rig.data(5, 15))).toBe(FIRST + 15);
  });

  it('acknowledges nothing that it does not hold from the beginning, and nothing without an ACK', () => {
    const rig = new OpeningsRig();
    rig.open();
    rig.data(5, 10);
    expect(rig.data(5, 10)).toEqual({ kind: 'hold', acknowledgement: undefined });
    rig.data(0, 5);
    expect(rig.data(0, 5, { flags: FLAG.PSH })).toEqual({ kind: 'hold', acknowledgement: undefined });
  });

  it('works around the end of the sequence numbers', () => {
    for (const isn of [0xffff_ffff, 0xffff_fffe, 0xffff_fff0]) {
      const rig = new OpeningsRig();
      rig.syn({ sequence: isn });
      const at = (offset: number) => ({ sequence: isn + 1 + offset });
      rig.data(20, STREAM.length, at(20));
      const { opening } = whole(rig.data(0, 20, at(0)));
      rig.allow(opening);
      expect(rig.read((isn + 1) >>> 0)).toEqual(STREAM);
    }
  });

  it('judges what a SYN brings when it is whole', () => {
    const rig = new OpeningsRig();
    const outcome = whole(rig.syn({ data: STREAM }));
    expect(messageOf(outcome)).toEqual(QUERY);
    expect(rig.syn({ data: STREAM }), 'sent again').toMatchObject({ kind: 'release' });
    expect(rig.read()).toHaveLength(0);
    rig.allow(outcome.opening);
    expect(rig.read()).toEqual(STREAM);
  });

  it('cuts off what a SYN brings when it is not whole; it comes again', () => {
    const rig = new OpeningsRig();
    const outcome = rig.syn({ data: STREAM.subarray(0, 12) });
    expect(outcome.kind === 'release' && outcome.composed).toBeInstanceOf(Buffer);
    expect(rig.read()).toHaveLength(0);
    expect(messageOf(whole(rig.data(0, STREAM.length)))).toEqual(QUERY);
  });

  it('answers a refused SYN with what the client takes', () => {
    const rig = new OpeningsRig();
    const { opening } = whole(rig.syn({ data: STREAM }));
    const { toClient } = rig.openings.refuse(opening)!;
    const frame = new FrameView();
    expect(frame.parse(toClient, 0, toClient.length)).toBeUndefined();
    expect(frame.tcpFlags).toBe(FLAG.RST | FLAG.ACK);
    expect(toClient.readUInt32BE(frame.transportStart + 8)).toBe(FIRST + STREAM.length);
  });

  it('sends an octet on that keeps the connection alive, but not its data', () => {
    const rig = new OpeningsRig();
    rig.open();
    const outcome = rig.segment({ sequence: ISN, data: Buffer.from('x') });
    expect(outcome.kind === 'release' && outcome.composed).toBeInstanceOf(Buffer);
    expect(rig.read()).toHaveLength(0);
  });

  it('begins anew with a new SYN, whatever was held', () => {
    const rig = new OpeningsRig();
    rig.open();
    rig.data(0, 20);
    rig.syn({ sequence: 0x9000 });
    expect(rig.openings.held).toEqual({ connections: 1, bytes: 0 });
    expect(rig.data(0, STREAM.length, { sequence: 0x9001 }).kind).toBe('whole');
  });

  it('keeps what is held when the SYN comes again', () => {
    const rig = new OpeningsRig();
    rig.open();
    rig.data(0, 20);
    rig.syn();
    expect(rig.data(20, STREAM.length).kind).toBe('whole');
  });

  it('forgets a connection that the client ends, and sends the end on', () => {
    const rig = new OpeningsRig();
    rig.open();
    expect(rig.segment({ flags: FLAG.FIN | FLAG.ACK })).toEqual({ kind: 'release', composed: undefined });
    expect(rig.openings.held.connections).toBe(0);
    rig.open();
    rig.data(0, 20);
    expect(rig.segment({ flags: FLAG.RST })).toEqual({ kind: 'release', composed: undefined });
    expect(rig.openings.held).toEqual({ connections: 0, bytes: 0 });
    expect(rig.openings.counters.get('whole')).toBe(0);
  });

  it('lets no data out in a reset', () => {
    const rig = new OpeningsRig();
    rig.open();
    rig.segment({ flags: FLAG.RST, data: STREAM });
    expect(rig.read()).toHaveLength(0);
  });

  it('goes on holding behind a FIN: what was lost before it may come', () => {
    const rig = new OpeningsRig();
    rig.open();
    rig.data(20, STREAM.length);
    expect(rig.segment({ sequence: FIRST + STREAM.length, flags: FLAG.FIN | FLAG.ACK })).toMatchObject({
      kind: 'release',
    });
    const { opening } = whole(rig.data(0, 20));
    rig.allow(opening);
    expect(rig.read()).toEqual(STREAM);
  });

  it('takes a query with a FIN for a query', () => {
    const rig = new OpeningsRig();
    rig.open();
    const { opening } = whole(rig.data(0, STREAM.length, { flags: DATA | FLAG.FIN }));
    rig.allow(opening);
    expect(rig.read()).toEqual(STREAM);
  });

  it('answers a verdict on a connection that was reset meanwhile with nothing', () => {
    const rig = new OpeningsRig();
    rig.open();
    const { opening } = whole(rig.data(0, STREAM.length));
    rig.segment({ flags: FLAG.RST });
    expect(rig.openings.allow(opening)).toBeUndefined();
    expect(rig.openings.refuse(opening)).toBeUndefined();
    expect(rig.openings.held).toEqual({ connections: 0, bytes: 0 });
  });

  it('takes data of a connection whose SYN was not seen for its beginning', () => {
    const rig = new OpeningsRig();
    const outcome = whole(rig.data(0, STREAM.length));
    expect(messageOf(outcome)).toEqual(QUERY);
    expect(outcome.opening.isForeign).toBe(true);
    expect(rig.openings.counters.get('opened: foreign')).toBe(1);
    rig.allow(outcome.opening);
    expect(rig.read()).toEqual(STREAM);
  });

  it('sends no length on where the SYN was not seen: octets could leave two by two', () => {
    const rig = new OpeningsRig();
    expect(rig.data(0, 2)).toMatchObject({ kind: 'hold' });
    expect(acknowledgedBy(rig.data(0, 2))).toBe(FIRST + 2);
    expect(rig.data(2, STREAM.length).kind).toBe('whole');
    expect(rig.read()).toHaveLength(0);
  });

  it('lets ACK, FIN and RST of connections pass that it does not know, and no data with them', () => {
    const rig = new OpeningsRig();
    for (const flags of [FLAG.ACK, FLAG.FIN | FLAG.ACK, FLAG.RST]) {
      expect(rig.segment({ flags })).toEqual({ kind: 'release', composed: undefined });
    }
    rig.segment({ flags: FLAG.RST | FLAG.ACK, data: STREAM });
    expect(rig.read()).toHaveLength(0);
    expect(rig.openings.held.connections).toBe(0);
  });

  it('tells connections apart by switch port, VLAN, client, its port, and server', () => {
    const rig = new OpeningsRig();
    const others: readonly Fields[] = [
      { inPort: 2 },
      { tags: [0x8100] },
      { source: '192.0.2.2' },
      { sourcePort: 40_001 },
      { destination: '198.51.100.54' },
      { source: '2001:db8::1', destination: '2001:db8:53::53' },
    ];
    rig.open();
    rig.data(0, 20);
    for (const fields of others) rig.open(fields);
    for (const fields of others) expect(rig.data(20, STREAM.length, fields).kind).toBe('hold');
    expect(rig.openings.held.connections).toBe(1 + others.length);
    for (const fields of others) expect(rig.data(0, 20, fields).kind).toBe('whole');
  });
});
