import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CaptureCounter, Observer } from '../../../src/capture/observe.ts';
import { Counters } from '../../../src/core/counters.ts';
import type { DnsObservation } from '../../../src/dns/observation.ts';
import { type CaptureVector, captureVectors } from '../../support/capture-vectors.ts';
import { CollectedObservations } from '../../support/collected-observations.ts';
import { glueRows } from '../../support/glue-rows.ts';
import { readPcapFile } from '../../support/pcap-file.ts';

describe('Observer on real captures', () => {
  function observeFile({ path }: CaptureVector): {
    observations: readonly DnsObservation[];
    counted: Record<string, number>;
  } {
    const counters = new Counters<CaptureCounter>();
    const collected = new CollectedObservations();
    const observer = new Observer(counters, collected.writer);
    const { linkType, packets } = readPcapFile(path);
    for (const { octets, atMs } of packets) observer.observe(octets, 0, octets.length, atMs, 'by-message', linkType);
    observer.finish();
    return { observations: collected.all, counted: counters.snapshot() };
  }

  /** Why a file shows fewer messages here than tshark finds in it. */
  const fewer: Record<string, string> = {
    'zeek/conn-count-too-large.pcap': 'dns-question-count',
    'zeek/max-compression-depth.pcap': 'wrong-way',
    'zeek/dns_notify2.pcap': 'other-opcode',
    'zeek/dynamic-update.pcap': 'other-opcode',
  };

  it.each(captureVectors().map((vector) => [vector.name, vector] as const))('%s', (name, vector) => {
    const { observations, counted } = observeFile(vector);
    const { udp, tcp } = vector.expected.messages;
    const seen = ['query', 'response'].map((kind) => observations.filter((o) => o.kind === kind).length);
    const expected = [(udp?.queries ?? 0) + (tcp?.queries ?? 0), (udp?.responses ?? 0) + (tcp?.responses ?? 0)];
    const reason = fewer[name];
    if (reason === undefined) {
      expect(seen).toEqual(expected);
      expect(glueRows(observations)).toEqual(vector.expected.glue.map((row) => JSON.stringify(row)).sort());
    } else {
      expect(counted[reason]).toBeGreaterThan(0);
      expect(seen[0]! + seen[1]!).toBeLessThan(expected[0]! + expected[1]!);
    }
  });

  it('takes real frames with some octets changed', () => {
    const frames = captureVectors().flatMap(({ path }) => readPcapFile(path).packets.map(({ octets }) => octets));
    const observer = new Observer(new Counters<CaptureCounter>(), new CollectedObservations().writer);
    const change = fc.tuple(fc.nat(), fc.nat(255));
    const direction = fc.constantFrom('outbound' as const, 'inbound' as const, 'by-source' as const);
    fc.assert(
      fc.property(fc.constantFrom(...frames), fc.array(change, { maxLength: 5 }), direction, (frame, changes, way) => {
        const octets = Buffer.from(frame);
        for (const [at, value] of changes) octets[at % octets.length] = value;
        observer.observe(octets, 0, octets.length, 0, way);
      }),
      { numRuns: 3000 },
    );
  });
});
