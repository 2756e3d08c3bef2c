/**
 * What captures teach, against what tshark and dnspython find in them (test/vectors/pcap/NOTICE): the rules of Ichise et
 * al., every response believed.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startReading } from '../../../src/capture/container/capture-reading.ts';
import { formatAddress } from '../../../src/core/address.ts';
import { canonicalName, formatName, isAtOrBelow } from '../../../src/dns/name.ts';
import type { AddressRecord, DnsResponse, NsRecord } from '../../../src/dns/observation.ts';
import { ObservationReader } from '../../../src/dns/observation-reader.ts';
import { RCODE } from '../../../src/dns/registry.ts';
import { aboveQuestion } from '../../../src/nsdb/rules/above-question.ts';
import { canBeNameServer, possibleAddress } from '../../../src/nsdb/rules/name-server-address.ts';
import { responseCode } from '../../../src/nsdb/rules/response-code.ts';
import { wholeResponse } from '../../../src/nsdb/rules/whole-response.ts';
import { CaptureLearner } from '../../../src/services/learn-capture.ts';
import { sharedFolder } from '../../conditions.ts';
import { describeIf } from '../../support/describe-if.ts';
import { historyOptions, learnerOptions } from '../../support/learning.ts';

interface ExpectedFile {
  readonly linktype?: string;
  /** Zone, name server, address, glue TTL, NS TTL. */
  readonly glue: readonly (readonly [string, string, string, number, number])[];
}

/**
 * Captures from which less is learned than tshark lists, and never more: how many triples are missing, and the rule by
 * which every response that holds one of them was refused. The owners that are not above the query name belong to the
 * target of a CNAME.
 */
const DIFFERENCES: Readonly<Record<string, readonly [number, string]>> = {
  'chuayupeng/good.pcap': [3, 'address can be no name server'],
  'cnp3/dns-example.pcap': [12, 'response is truncated'],
  'cnp3/trace6.pcap': [8, 'owner is not above the query name'],
  'joy/firefox58.pcap': [1, 'owner is not above the query name'],
  'ndpi/dropbox.pcap': [4, 'owner is not above the query name'],
  'zeek/dns-two-responses.pcap': [3, 'owner is not above the query name'],
  'zeek/dns-txt-multiple.pcap': [5, 'owner is not above the query name'],
};

/** Link types that are refused with a message. */
const UNREADABLE: Readonly<Record<string, string>> = {
  'libpcap/arcnet-rfc1201-arp-icmp-http.pcap': 'link type 129',
  'libpcap/http_PPI.pcap': 'link type 192',
};

/** Containers that are refused with a message, because tshark refuses them too. */
const BROKEN: Readonly<Record<string, string>> = {
  'libpcap/linktype-reserved-field-not-zero.pcap': 'reserved bits of its link type',
  'libpcap/pcap-invalid-version-1.pcap': 'format version is 1',
  'libpcap/pcapng-invalid-vers-1.pcapng': 'format version 0',
  'libpcap/shb-option-too-long.pcapng': 'the block at octet 0',
  'pcapplusplus/crash-pcapng-epb-unbounded-length.pcapng': 'the block at octet 48',
};

function learnerFor(trustUnmatched: boolean): CaptureLearner {
  return new CaptureLearner([], {
    learner: learnerOptions({
      teach: 'matched',
      trustUnmatched,
      trustedResolvers: new Set(),
      pending: { timeMs: 5000, size: 65_536 },
      // Addresses that come apart from their NS records are beyond what the golden answers list.
      glueWaitMs: -1,
      rulesOff: new Set(['late-address']),
    }),
    history: historyOptions({ size: 100_000 }),
    rootHints: [],
  });
}

async function learn(path: string, trustUnmatched: boolean) {
  const learner = learnerFor(trustUnmatched);
  await learner.read(path);
  const summary = await learner.finish();
  const rows = [...learner.triples()].map(({ zone, nameServer, address }) =>
    [formatName(zone), formatName(nameServer), formatAddress(address)].join(' '),
  );
  return { rows: new Set(rows), summary };
}

/** The rules that refuse the rows of `wanted`, for each response that holds one; undefined for one that none refuses. */
async function rulesAgainst(path: string, wanted: ReadonlySet<string>): Promise<Map<string, Set<string | undefined>>> {
  const rules = new Map<string, Set<string | undefined>>();
  const reader = new ObservationReader();
  const reading = startReading([], (batch) => {
    reader.open(batch);
    while (reader.next() === 'record') {
      const observation = reader.observation();
      if (observation.kind === 'query') continue;
      for (const { record, address } of gluePairs(observation)) {
        const row = [record.owner, record.nameServer].map(formatName).concat(formatAddress(address.address)).join(' ');
        if (wanted.has(row))
          rules.set(row, (rules.get(row) ?? new Set()).add(ruleAgainst(observation, record, address)));
      }
    }
  });
  await reading.read(path);
  await reading.finish();
  return rules;
}

function gluePairs({ nameServers, additional }: DnsResponse) {
  return nameServers.flatMap((record) =>
    additional.filter(({ owner }) => owner === record.nameServer).map((address) => ({ record, address })),
  );
}

/** What the rules say on their own, without the learner. */
function ruleAgainst(response: DnsResponse, { owner }: NsRecord, { address }: AddressRecord): string | undefined {
  if (response.rcode !== RCODE.NOERROR) return responseCode.refusal;
  if (response.truncated) return wholeResponse.refusal;
  if (!isAtOrBelow(canonicalName(response.question.name), owner)) return aboveQuestion.refusal;
  return canBeNameServer(address) ? undefined : possibleAddress.refusal;
}

const without = (rows: Iterable<string>, others: ReadonlySet<string>) => [...rows].filter((row) => !others.has(row));

async function holds(name: string, path: string, { glue }: ExpectedFile): Promise<void> {
  const golden = new Set(glue.map((row) => row.slice(0, 3).join(' ')));
  const { rows, summary } = await learn(path, true);
  expect(without(rows, golden), 'learned, but not in the golden answers').toEqual([]);
  const [count, rule] = DIFFERENCES[name] ?? [0, ''];
  const missing = without(golden, rows);
  expect(missing, 'not learned').toHaveLength(count);
  if (count > 0) {
    expect(summary.refused[rule], rule).toBeGreaterThan(0);
    const rules = await rulesAgainst(path, new Set(missing));
    expect(rules).toEqual(new Map(missing.map((row) => [row, new Set([rule])])));
  }
  expect(summary.triples).toBe(rows.size);

  const matched = await learn(path, false);
  expect(without(matched.rows, rows), 'learned only with matching on').toEqual([]);
  if (matched.rows.size < rows.size) expect(matched.summary.responsesUnmatched).toBeGreaterThan(0);
}

function expectedFiles(folder: string): [string, string, ExpectedFile][] {
  if (!existsSync(folder)) return [];
  const sources = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return sources.flatMap(({ name: source }) => {
    const { files } = JSON.parse(readFileSync(join(folder, source, 'expected.json'), 'utf8'));
    return Object.entries(files as Record<string, ExpectedFile>)
      .map(([file, expected]): [string, string, ExpectedFile] => [
        `${source}/${file}`,
        join(folder, source, file),
        expected,
      ])
      .filter(([, path]) => existsSync(path));
  });
}

describe('the captures of this repository teach what is in them', () => {
  const files = expectedFiles(join(import.meta.dirname, '..', '..', 'vectors', 'pcap'));

  it('are there', () => expect(files.length).toBeGreaterThan(20));
  it.each(files)('%s', holds);
});

describeIf(['shared'], 'the shared captures teach what is in them', () => {
  const files = expectedFiles(join(sharedFolder, 'data', 'pcap'));
  const readable = files.filter(([name]) => BROKEN[name] === undefined && UNREADABLE[name] === undefined);

  it('are there, and every difference is one of them', () => {
    const names = files.map(([name]) => name);
    expect(names.length).toBeGreaterThan(200);
    for (const name of [DIFFERENCES, UNREADABLE, BROKEN].flatMap(Object.keys)) expect(names).toContain(name);
  });

  it.each(readable)('%s', holds);

  it.each(Object.entries({ ...BROKEN, ...UNREADABLE }))('%s is refused: %s', async (name, reason) => {
    const reading = learn(join(sharedFolder, 'data', 'pcap', name), true);
    await expect(reading).rejects.toMatchObject({ code: 'capture-file', message: expect.stringContaining(reason) });
  });
});
