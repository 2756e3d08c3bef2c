import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { decode, encode, type Packet } from 'dns-packet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAskPtr, reverseName } from '../../../src/identity/ask-ptr.ts';
import { addressOf } from '../../support/observations.ts';

const ADDRESS = addressOf('192.0.2.1');

let server: Socket;
let asked: Packet[];
let answer: (query: Packet) => Buffer | undefined;
let asking: ReturnType<typeof createAskPtr>;

beforeEach(async () => {
  asked = [];
  server = createSocket('udp4');
  server.on('message', (octets, { port, address }) => {
    const query = decode(octets);
    asked.push(query);
    const reply = answer(query);
    if (reply !== undefined) server.send(reply, port, address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  asking = createAskPtr({ host: '127.0.0.1', port: server.address().port, timeoutMs: 100 });
});

afterEach(() => {
  asking.stop();
  server.close();
});

const reply = (query: Packet, fields: Partial<Packet>) =>
  encode({ type: 'response', id: query.id ?? 0, questions: query.questions ?? [], answers: [], ...fields });

describe('a question', () => {
  it.each([
    ['192.0.2.1', '1.2.0.192.in-addr.arpa'],
    ['2001:db8::1', `1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`],
    ['::ffff:192.0.2.1', '1.0.2.0.0.0.0.c.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa'],
  ])('for %s is for %s', (address, name) => {
    expect(reverseName(addressOf(address))).toBe(name);
  });

  it('is for the PTR record, and asks for recursion', async () => {
    answer = (query) =>
      reply(query, { answers: [{ type: 'PTR', name: query.questions![0]!.name, ttl: 60, data: 'pc.example.org' }] });
    expect(await asking.ask(ADDRESS)).toEqual(['pc.example.org']);
    expect(asked[0]).toMatchObject({ flag_rd: true, questions: [{ name: '1.2.0.192.in-addr.arpa', type: 'PTR' }] });
  });

  it('for this machine itself is not answered from its own files', async () => {
    answer = (query) =>
      reply(query, { answers: [{ type: 'PTR', name: query.questions![0]!.name, ttl: 60, data: 'asked.example.org' }] });
    expect(await asking.ask(addressOf('127.0.0.1'))).toEqual(['asked.example.org']);
  });
});

describe('an answer', () => {
  it.each([
    ['without a record', 0],
    ['that there is no such name', 3],
  ])('%s is none', async (_what, flags) => {
    answer = (query) => reply(query, { flags });
    expect(await asking.ask(ADDRESS)).toEqual([]);
  });

  it.each([
    ['that the server failed', 2],
    ['that it is refused', 5],
  ])('%s is a failure', async (_what, flags) => {
    answer = (query) => reply(query, { flags });
    await expect(asking.ask(ADDRESS)).rejects.toThrow();
  });

  it('that is no DNS, or of another question, is a failure', async () => {
    answer = () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n');
    await expect(asking.ask(ADDRESS)).rejects.toThrow();
    answer = (query) => {
      const answers = [{ type: 'PTR' as const, name: '9.2.0.192.in-addr.arpa', ttl: 60, data: 'other.example.org' }];
      return reply({ ...query, id: (query.id! + 1) & 0xffff }, { answers });
    };
    await expect(asking.ask(ADDRESS)).rejects.toThrow();
  });

  it('that never comes is waited for twice, then it is a failure', async () => {
    answer = () => undefined;
    await expect(asking.ask(ADDRESS)).rejects.toMatchObject({ code: 'ETIMEOUT' });
    expect(asked).toHaveLength(2);
  });

  it('is not waited for after a stop', async () => {
    answer = () => undefined;
    const pending = expect(asking.ask(ADDRESS)).rejects.toMatchObject({ code: 'ECANCELLED' });
    asking.stop();
    await pending;
  });
});
