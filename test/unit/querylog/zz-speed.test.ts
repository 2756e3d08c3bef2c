import { it } from 'vitest';
import { EntryBatchWriter } from '../../../src/querylog/entry-batch.ts';
import { SourceTime } from '../../../src/querylog/source-time.ts';
import { logFormat } from '../../../src/querylog/readers/list.ts';
it('speed', () => {
  const lines: Buffer[] = [];
  for (let i = 0; i < 300_000; i++) lines.push(Buffer.from(`2026-11-21T12:00:${String(i % 60).padStart(2, '0')}.903Z [INFO] 192.0.2.${i % 250}:36413 - 21583 "A IN ${i % 77}.host${i % 5000}.example. udp 43 false 512" NXDOMAIN qr,rd,ra 136 0.000102078s`));
  for (let round = 0; round < 4; round++) {
    const entries = new EntryBatchWriter();
    const time = new SourceTime({ zone: 'Europe/Vienna', nowMs: () => Date.UTC(2026, 10, 21, 18), writtenMs: Infinity, earliestMs: -Infinity });
    const reader = logFormat('coredns')!.create({ entries, time, server: undefined, client: (a) => a });
    const start = performance.now(); const cpu = process.cpuUsage();
    for (const l of lines) { reader.read(l, 0, l.length); if (entries.count > 10000) entries.take(); }
    const used = process.cpuUsage(cpu);
    console.log('coredns lines/s', Math.round(lines.length / (performance.now() - start) * 1000), Math.round(lines.length / (used.user + used.system) * 1e6));
  }
}, 120000);
