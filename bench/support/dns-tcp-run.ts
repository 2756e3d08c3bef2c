/** Makes the report of DNS and TCP of one capture in a process of its own; prints seconds and counts as JSON. */
import { DnsTcpReader } from '../../src/services/read-dns-tcp.ts';

async function main(): Promise<void> {
  const file = process.argv[2]!;
  const startedAtMs = performance.now();
  const reader = new DnsTcpReader([file], 1000);
  await reader.read(file);
  const { packets } = await reader.finish();
  process.stdout.write(`${JSON.stringify({ seconds: (performance.now() - startedAtMs) / 1000, packets })}\n`);
}

main();
