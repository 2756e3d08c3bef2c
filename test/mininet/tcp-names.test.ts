/** Queries by TCP where verdicts read names: the whole of gluewall between a client, a real switch and nsd. */
import { expect, it } from 'vitest';
import { hosts } from '../../mininet/internet.ts';
import { until } from '../../mininet/until.ts';
import { describeIf } from '../support/describe-if.ts';
import { composeQuery } from '../support/dns-messages.ts';
import { withTcpLength } from '../support/frames.ts';
import { gatedInternet } from '../support/gated.ts';
import { octetByOctet, type TcpExchange, tcpClientCommand } from '../support/tcp-client.ts';

const ID = 0xbeef;
const SERVED = withTcpLength(composeQuery('www.corp.example', ID));
const OTHER = withTcpLength(composeQuery('www.bank.test', ID));
const EVENT_MS = 5000;
const isAnswer = (text: string) => text.slice(4, 8) === ID.toString(16) && text.length > 2 * SERVED.length;

describeIf(
  ['root', 'namespaces', 'openVswitch'],
  'queries by TCP, where only names of its zones may be asked of a server',
  () => {
    const world = gatedInternet({ strictness: { check: 'zone' }, copy: { allowed_rate: 0 } });

    async function exchange(what: Omit<TcpExchange, 'server'>, server: string = hosts.corp.ipv4): Promise<string> {
      const { stdout, stderr } = await world().internet.run('client', tcpClientCommand({ ...what, server }), 20);
      return stdout.trim() || stderr;
    }
    const flows = async (pattern: RegExp) => (await world().flows('table=1')).filter((line) => pattern.test(line));
    const verdictOn = (queryName: string) =>
      until(`a verdict on ${queryName}`, EVENT_MS, () =>
        world().gluewall.log.find(
          (line) => line.event === 'dns_verdict' && line.queryName === queryName && line.transport === 'tcp',
        ),
      );

    it('learns the zone first', async () => {
      const name = 'www.corp.example';
      const question = { server: hosts.resolver.ipv4, name, timeoutSeconds: 5 };
      expect((await world().internet.dig('client', question)).answered).toBe(true);
      const direct = () => world().internet.dig('client', { server: hosts.corp.ipv4, name });
      await until('the zone is known', EVENT_MS, async () => ((await direct()).answered ? true : undefined));
    });

    it('lets the connection of an allowed name pass, and no other one of its client', async () => {
      expect(await exchange({ pieces: [[SERVED, 0]] })).toSatisfy(isAnswer);
      expect((await flows(/tcp_src|tp_src/)).length).toBe(1);
      expect(await flows(/udp/)).toEqual([]);
    });

    it('by IPv6, in pieces, and in halves', async () => {
      expect(await exchange({ pieces: [[SERVED, 0]] }, hosts.corp.ipv6)).toSatisfy(isAnswer);
      expect(await exchange({ pieces: octetByOctet(SERVED, 2), options: ['nodelay'] })).toSatisfy(isAnswer);
      const halves = [
        [SERVED.subarray(0, 2), 0],
        [SERVED.subarray(2), 0],
      ] as const;
      expect(await exchange({ pieces: halves })).toSatisfy(isAnswer);
    });

    it('asks the controller no more once a connection is allowed', async () => {
      const many = Array.from({ length: 40 }, () => [SERVED, 5] as const);
      const before = (await world().gluewall.status()).switches[0]!.session.packet_in!;
      expect(await exchange({ pieces: [...many], options: ['nodelay'] })).toSatisfy(isAnswer);
      expect((await world().gluewall.status()).switches[0]!.session.packet_in! - before).toBeLessThan(15);
    });

    it('resets the connection of another name, drops what it still sends, and says which name it was', async () => {
      expect(await exchange({ pieces: [[OTHER, 0]] })).toBe('reset');
      expect(await flows(/(tcp_src|tp_src)=\d+ actions=(drop|goto_table:3|write_metadata)/)).not.toEqual([]);
      expect(await verdictOn('www.bank.test')).toMatchObject({ verdict: 'block', enforced: true });
    });

    it('resets it octet by octet, too, and the next connection is judged by its own name', async () => {
      expect(await exchange({ pieces: octetByOctet(OTHER, 2), options: ['nodelay'] })).toBe('reset');
      expect(await exchange({ pieces: [[SERVED, 0]] })).toSatisfy(isAnswer);
    });

    it('opens no connection to an address that is not known', async () => {
      expect(await exchange({ pieces: [[SERVED, 0]], seconds: 2 }, hosts.evil.ipv4)).toBe('silence');
    });
  },
);
