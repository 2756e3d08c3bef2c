import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeSettings } from '../../../src/cli/node/node-order.ts';
import { composeConfig } from '../../../src/config/compose.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import { configDifference, liveConfig } from '../../../src/config/difference.ts';
import { loadConfig, parseConfig } from '../../../src/config/load.ts';
import { summarise } from '../../../src/config/summary.ts';
import { formatName } from '../../../src/dns/name.ts';

const BASE = {
  name: 'node.example.net',
  tls: { key: 'k.pem', certificate: 'c.pem', ca: 'ca.pem' },
  zones: ['example.net'],
};
const PEER = { name: 'node.example.org', url: 'https://192.0.2.1:8853', servers: ['192.0.2.53'] };

const parse = (node: object, others: object = {}) => parseConfig(JSON.stringify({ ...others, node }), 'gluewall.yaml');
const withPeer = (peer: object) => parse({ ...BASE, peers: [{ ...PEER, ...peer }] });

function mistakes(node: object, others: object = {}): string {
  try {
    parse(node, others);
    return '';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message;
  }
}

describe('node', () => {
  it('is none where there is no section', () => {
    const config = parseConfig('mode: monitor', 'gluewall.yaml');
    expect(config.node).toBeUndefined();
    expect(nodeSettings(config)).toBeUndefined();
  });

  it('has defaults for all but its name and keys', () => {
    expect(parse(BASE).node).toMatchObject({
      listen: { host: '127.0.0.1', port: 8853 },
      window: { before: 5000, after: 1000 },
      cache: 7_200_000,
      confirm: 'oblivious',
      named_hosts: 10,
      min_confidence: 0.05,
      model: { query_rate: 0.55, same_bot: 0.5 },
      forwarder: false,
      peers: [],
    });
  });

  it('is written back as it was read', () => {
    const written = {
      ...BASE,
      servers: ['198.51.100.53', '2001:db8::/64'],
      clients: ['192.0.2.0/24'],
      window: { before: '10s', after: '0' },
      peers: [{ ...PEER, zones: ['example.org.'], names: ['.'], requests: ['confirm'], per_minute: 5 }],
    };
    const composed = composeConfig(parse(written)).node!;
    expect(composed.servers).toEqual(['198.51.100.53', '2001:db8::/64']);
    expect(composed.window).toEqual({ before: '10s', after: '0' });
    expect(parse(composed)).toEqual(parse(written));
  });

  it('finds its files from its own folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gluewall-'));
    const tls = { ...BASE.tls, crl: 'crl.pem' };
    writeFileSync(join(folder, 'gluewall.yaml'), JSON.stringify({ node: { ...BASE, tls, folder: 'cases' } }));
    const { node } = loadConfig(join(folder, 'gluewall.yaml'));
    rmSync(folder, { recursive: true });
    const from = (name: string) => join(folder, name);
    expect(node?.tls).toEqual({
      key: from('k.pem'),
      certificate: from('c.pem'),
      ca: from('ca.pem'),
      crl: from('crl.pem'),
    });
    expect(node?.folder).toBe(from('cases'));
  });

  it('tells what it would do', () => {
    const { sentences, warnings } = summarise(parse({ ...BASE, peers: [PEER] }));
    expect(sentences.join('\n')).toContain(
      'traceback node node.example.net on 127.0.0.1:8853: destination of example.net; peers: node.example.org',
    );
    expect(warnings).toEqual([expect.stringContaining('node.servers is not set')]);
  });

  it('is one with a gate where a key of a gate says something, or where there is nothing else', () => {
    const sentencesOf = (text: string) => summarise(parseConfig(text, 'gluewall.yaml')).sentences.join('\n');
    const text = JSON.stringify({ node: { ...BASE, peers: [PEER] }, trusted_resolvers: ['192.0.2.53'] });
    expect(sentencesOf(text)).not.toMatch(/monitor|switches|outside|gate/);
    for (const other of [
      { outside: { ports: ['eth0'] } },
      { inside: { networks: ['192.0.2.0/24'] } },
      { openflow: { listen: '127.0.0.1:7000' } },
      { capture: { interfaces: ['eth0'] } },
    ]) {
      expect(sentencesOf(JSON.stringify({ ...JSON.parse(text), ...other }))).toContain('monitor: every query passes');
    }
    expect(sentencesOf('{}')).toContain('monitor: every query passes');
  });

  it.each([
    [{ ...BASE, name: 'Node!' }, 'node.name: want a host name in lower case'],
    [{ name: BASE.name, zones: BASE.zones }, 'node.tls'],
    [{ ...BASE, window: { before: '2h' } }, 'node.window.before: "2h" is not within 0 to 1h'],
    [{ ...BASE, window: { before: '1s', after: '999ms' } }, 'nodes take 2 s in all at least'],
    [{ ...BASE, min_confidence: 2 }, 'node.min_confidence'],
    [{ ...BASE, min_confidence: 'much' }, 'node.min_confidence: want a number from 0 to 1'],
    [{ ...BASE, name: 'here' }, 'the audit log calls this node so'],
    [{ ...BASE, peers: [{ ...PEER, name: 'here' }] }, 'the peer here: that name is not to be had'],
    [{ ...BASE, zone: ['example.net'] }, 'unknown key'],
    [{ ...BASE, servers: ['192.0.2.53/24'] }, 'is no DNS server'],
    [{ ...BASE, zones: [] }, 'it answers nothing and asks nobody'],
    [{ ...BASE, peers: [{ ...PEER, url: 'http://192.0.2.1' }] }, 'want https://HOST:PORT'],
    [{ ...BASE, peers: [{ ...PEER, url: 'https://192.0.2.1/v1' }] }, 'want https://HOST:PORT'],
    [{ ...BASE, peers: [{ ...PEER, name: BASE.name }] }, 'this node has that name itself'],
    [{ ...BASE, peers: [PEER, PEER] }, 'there is another one of that name'],
    [{ ...BASE, peers: [PEER, { ...PEER, name: 'b.example' }] }, '192.0.2.53/32 is of node.example.org, too'],
    [{ ...BASE, peers: [{ ...PEER, zones: ['Example.NET'] }] }, 'is a zone of this node'],
    [{ ...BASE, servers: ['192.0.2.53'], peers: [PEER] }, 'is of this node'],
    [{ ...BASE, peers: [{ name: PEER.name, servers: PEER.servers }] }, 'no url to ask it at'],
    [{ ...BASE, peers: [{ name: PEER.name, requests: [] }] }, 'it may ask nothing'],
  ])('%j: %s', (node, message) => {
    const said = mistakes(node);
    expect(said).toContain(message);
    expect(said).toMatch(/^gluewall\.yaml:\d+:\d+: /);
  });

  it('says of what is no number that a share is wanted', () => {
    const text = 'node: {name: node.example.net, model: {query_rate: .nan}}';
    expect(() => parseConfig(text, 'gluewall.yaml')).toThrow('node.model.query_rate: want a number from 0 to 1');
  });

  it('wants a folder where the store is in memory', () => {
    const memory = { store: { kind: 'memory' } };
    expect(mistakes(BASE, memory)).toContain('set node.folder');
    expect(mistakes({ ...BASE, folder: 'node' }, memory)).toBe('');
  });
});

describe('nodeSettings', () => {
  const names = (peer: object) => nodeSettings(withPeer(peer))!.options.peers[0]!.names.map(formatName);

  it('lets a peer ask about its zones and ours, unless it is said which names', () => {
    expect(names({ zones: ['example.org'] })).toEqual(['example.org', 'example.net']);
    expect(names({ names: ['.'] })).toEqual(['.']);
    expect(names({ names: [] })).toEqual([]);
  });

  it('takes the trusted resolvers for our own DNS servers where none are named', () => {
    const config = parse(BASE, { trusted_resolvers: ['192.0.2.53', '2001:db8::53'] });
    expect(nodeSettings(config)!.options.servers.map(({ prefixLength }) => prefixLength)).toEqual([32, 128]);
    expect(
      nodeSettings(parse({ ...BASE, servers: [] }, { trusted_resolvers: ['192.0.2.53'] }))!.options.servers,
    ).toEqual([]);
  });
});

describe('a reload', () => {
  const before = parse({ ...BASE, peers: [PEER] });

  it('takes up peers, zones, clients and windows', () => {
    const after = parse({
      ...BASE,
      clients: ['192.0.2.0/24'],
      window: { before: '9s' },
      peers: [{ ...PEER, per_day: 1 }],
    });
    const changes = configDifference(before, after);
    expect(changes.map(({ path }) => path)).toEqual(['node.clients', 'node.window.before', 'node.peers']);
    expect(changes.every(({ isLive }) => isLive)).toBe(true);
    expect(liveConfig(before, after).node).toEqual(after.node);
  });

  it('leaves its name, address, keys and folder for a restart', () => {
    const after = parse({ ...BASE, name: 'b.example', listen: '127.0.0.1:9', folder: 'x', peers: [PEER] });
    const changes = configDifference(before, after);
    expect(changes.map(({ path, isLive }) => [path, isLive])).toEqual([
      ['node.name', false],
      ['node.listen', false],
      ['node.folder', false],
    ]);
    expect(liveConfig(before, after)).toEqual(before);
  });

  it('does not begin or end a node', () => {
    const without = parseConfig('mode: monitor', 'gluewall.yaml');
    expect(configDifference(without, before)).toMatchObject([{ path: 'node', isLive: false }]);
    expect(liveConfig(without, before).node).toBeUndefined();
    expect(liveConfig(before, without).node).toEqual(before.node);
  });
});
