import { describe, expect, it } from 'vitest';
import { parseAddress, parseNetwork } from '../../../src/core/address.ts';
import { type Name, parseName, ROOT } from '../../../src/dns/name.ts';
import { type KnownServers, Protection } from '../../../src/rpz/protection.ts';
import type { Trigger } from '../../../src/rpz/trigger.ts';

const name = (text: string): Name => parseName(text)!;
const address = (text: string) => parseAddress(text)!;
const nobody: KnownServers = { zonesOfAddress: () => [], zonesOfServer: () => [] };
const serving = (...zones: readonly string[]): KnownServers => ({
  zonesOfAddress: () => zones.map(name),
  zonesOfServer: () => zones.map(name),
});
const protection = new Protection({
  names: [
    [name('corp.example.org'), 'a zone of ours'],
    [name('partner.example'), 'allowed by the rule r1'],
  ],
  addresses: [[address('192.0.2.53'), 'a trusted resolver']],
  networks: [[parseNetwork('198.51.100.0/25')!, 'of an inside network']],
  lists: [
    {
      what: 'on the list vendors',
      hasName: (one) => one === name('cdn.vendor.example'),
      hasAddress: (one) => one === address('203.0.113.9'),
    },
  ],
});

function refusal(trigger: Trigger, servers = nobody, behind: readonly string[] = []): string | undefined {
  return protection.refusal(trigger, behind.map(address), servers);
}
const ofName = (text: string) => refusal({ kind: 'name', name: name(text) });
const ofAddress = (text: string, servers = nobody) =>
  refusal({ kind: 'server-address', address: address(text) }, servers);
const ofServer = (text: string, servers = nobody) => refusal({ kind: 'server-name', name: name(text) }, servers);

describe('Protection', () => {
  it('lets pass what is nobody’s', () => {
    expect(ofName('c2.example')).toBeUndefined();
    expect(ofAddress('203.0.113.7', serving('c2.example'))).toBeUndefined();
    expect(ofServer('ns.c2.example', serving('c2.example'))).toBeUndefined();
    expect(ofName('bot7.github.io')).toBeUndefined();
  });

  it.each([
    ['corp.example.org', 'is a zone of ours'],
    ['k3.corp.example.org', 'is below corp.example.org, which is a zone of ours'],
    ['example.org', 'is above corp.example.org, which is a zone of ours'],
    ['org', 'is above corp.example.org, which is a zone of ours'],
    ['mail.partner.example', 'is below partner.example, which is allowed by the rule r1'],
    ['cdn.vendor.example', 'is on the list vendors'],
    ['com', 'is a public suffix: others have names of their own below it'],
    ['co.uk', 'is a public suffix: others have names of their own below it'],
    ['github.io', 'is a public suffix: others have names of their own below it'],
    ['blob.core.windows.net', 'is a public suffix: others have names of their own below it'],
    ['root-servers.net', 'is a zone that the DNS itself stands on'],
    ['a.gtld-servers.net', 'is below gtld-servers.net, which is a zone that the DNS itself stands on'],
    ['10.in-addr.arpa', 'is below arpa, which is a zone that the DNS itself stands on'],
    ['.', 'is the root'],
    ['*.c2.example', 'has a label `*`, which would stand for all names'],
    ['a.*.c2.example', 'has a label `*`, which would stand for all names'],
    ['32.7.100.51.198.rpz-ip', 'ends with rpz-ip, a word of the zone’s own'],
    ['8.0.0.0.10.rpz-client-ip', 'ends with rpz-client-ip, a word of the zone’s own'],
  ])('keeps the name %s out: it %s', (text, problem) => {
    expect(ofName(text)).toBe(problem.replace('’', "'"));
    expect(ofServer(text)).toBe(problem.replace('’', "'"));
  });

  it('tells a name from one that only ends like it', () => {
    expect(ofName('notcorp.example.net')).toBeUndefined();
    expect(refusal({ kind: 'name', name: '\u0012evilcorp.example.o\u0003com\0' as Name })).toBeUndefined();
  });

  it.each([
    ['192.0.2.53', 'is a trusted resolver'],
    ['198.51.100.7', 'is of an inside network'],
    ['203.0.113.9', 'is on the list vendors'],
  ])('keeps the address %s out, and a name that stands for it', (text, problem) => {
    expect(ofAddress(text)).toBe(problem);
    expect(refusal({ kind: 'name', name: name('c2.example') }, nobody, ['203.0.113.7', text])).toBe(
      `it stands for an address that ${problem}`,
    );
  });

  it('keeps name servers out that serve others', () => {
    const root = { zonesOfAddress: () => [ROOT], zonesOfServer: () => [ROOT] };
    expect(ofAddress('203.0.113.7', root)).toBe('serves ., and whatever is registered below it');
    expect(ofServer('a.nic.example', serving('com'))).toBe('serves com, and whatever is registered below it');
    expect(ofServer('ns.pages.example', serving('github.io'))).toBe(
      'serves github.io, and whatever is registered below it',
    );
    const own = 'serves lab.corp.example.org, which is below corp.example.org, which is a zone of ours';
    expect(ofAddress('203.0.113.7', serving('c2.example', 'lab.corp.example.org'))).toBe(own);
    const many = Array.from({ length: 10 }, (_, index) => `customer-${index}.example`);
    expect(ofAddress('203.0.113.7', serving(...many))).toBe('serves 10 zones or more: others would be blocked with it');
    expect(ofServer('ns.host.example', serving(...many.slice(1)))).toBeUndefined();
  });
});
