import { csvTable } from '../../charts/csv-table.ts';
import type { AfterAnswer, DnsTcpTables } from '../../correlation/dns-tcp/dns-tcp-book.ts';
import type { PortRow } from '../../correlation/dns-tcp/port-counts.ts';

/** The tables of a report as CSV, by file name. */
export function dnsTcpCsv(tables: DnsTcpTables): Readonly<Record<string, string>> {
  const { responses, answers, addressRecords, delays, hosts } = tables;
  return {
    'table-1.csv': csvTable(
      ['what', 'count'],
      [
        ['DNS responses', responses],
        ['responses with an A or AAAA record', answers],
        ['A and AAAA records in them', addressRecords],
      ],
    ),
    'table-2.csv': csvTable(['what', 'count'], synRows(tables)),
    'table-3.csv': portTable(tables.ports),
    'table-4.csv': portTable(tables.firstSynPorts),
    'delays.csv': csvTable(
      ['from_ms', 'to_ms', 'syns', 'expected'],
      delays.counts.map((count, index) => {
        const fromMs = index * delays.bucketMs;
        return [fromMs, fromMs + delays.bucketMs, count, delays.fit?.expected[index] ?? null];
      }),
    ),
    'hosts.csv': csvTable(
      ['host', 'answers', 'syns', 'within_window', 'within_ttl', 'unexplained'],
      hosts.map((row) => [row.host, row.answers, row.syns, row.withinWindow, row.withinTtl, row.unexplained]),
    ),
  };
}

function synRows({ syns, firstSyns, synAcks, anyClient, sameClient }: DnsTcpTables): (readonly [string, number])[] {
  return [
    ['SYNs', syns],
    ['SYNs, the earliest within the window for each answer', firstSyns],
    ...afterRows('an answer to anybody', anyClient),
    ...afterRows('an answer to the sender', sameClient),
    ['SYN+ACKs', synAcks],
  ];
}

function afterRows(what: string, { withinWindow, withinTtl, ever }: AfterAnswer): (readonly [string, number])[] {
  return [
    [`SYNs within the window after ${what}`, withinWindow],
    [`SYNs within the TTL of ${what}`, withinTtl],
    [`SYNs at any time after ${what}`, ever],
  ];
}

function portTable(rows: readonly PortRow[]): string {
  return csvTable(
    ['packets', 'port', 'service'],
    rows.map(({ packets, port, service }) => [packets, port, service]),
  );
}
