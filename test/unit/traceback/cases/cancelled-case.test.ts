import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { parseAddress } from '../../../../src/core/address.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { silentLog } from '../../../../src/core/log.ts';
import { parseName } from '../../../../src/dns/name.ts';
import { CaseFiles } from '../../../../src/traceback/cases/case-files.ts';
import { CaseRunner } from '../../../../src/traceback/cases/case-runner.ts';
import type { PeerClient } from '../../../../src/traceback/http/peer-client.ts';
import { TracebackNode } from '../../../../src/traceback/traceback-node.ts';
import { LabFederation } from '../../../support/lab-federation.ts';
import { clientNamed, NodeRig, nodeOptions, peerNamed, RecordingAudit } from '../../../support/node-rig.ts';

const SOON_MS = 1000;
const NAME = 'good.example';

let folder: string;
let lab: LabFederation;
let door: PeerClient;
let rig: NodeRig | undefined;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-cancelled-'));
  lab = await LabFederation.make();
  door = await clientNamed(lab, NAME);
}, 60_000);
afterAll(async () => {
  await rig?.stop();
  door.stop();
  lab.remove();
  rmSync(folder, { recursive: true, force: true });
});

it('a case that waits for a peer that stalls is cancelled at once, and what the peer was asked is ended', async () => {
  let isBegun = false;
  let abortedAtMs: number | undefined;
  rig = await NodeRig.start(lab, [peerNamed(NAME)], {
    answering: (_request, signal) =>
      new Promise(() => {
        signal.addEventListener('abort', () => {
          abortedAtMs = Date.now();
        });
        isBegun = true;
      }),
  });
  const zones = [parseName('example.org')!];
  const options = nodeOptions({ name: NAME, peers: [{ ...rig.peer, zones }] });
  const log = { search: async () => ({ entries: [], last: undefined }) };
  const node = new TracebackNode(options, { log, door, names: () => undefined, clock: systemClock });
  const files = new CaseFiles(folder, silentLog);
  const audit = new RecordingAudit();
  const runner = new CaseRunner(options, { node, files, audit, clock: systemClock });
  await runner.start();
  const ctrlC = new AbortController();
  const demand = {
    name: parseName('www.example.org')!,
    atMs: Date.now() - 60_000,
    source: parseAddress('192.0.2.7')!,
    commandAndControl: false,
    timeLimitMs: 60_000,
  };
  const work = runner.open(demand, ctrlC.signal);
  const ended = (async () => {
    for (;;) {
      const step = await work.next();
      if (step.done === true) return step.value;
    }
  })();
  await vi.waitFor(() => expect(isBegun).toBe(true), 10_000);
  const cancelledAtMs = Date.now();
  ctrlC.abort();
  expect((await ended).outcome).toBe('cancelled');
  expect(Date.now() - cancelledAtMs).toBeLessThan(SOON_MS);
  await vi.waitFor(() => expect(abortedAtMs).toBeDefined(), 10_000);
  expect(abortedAtMs! - cancelledAtMs).toBeLessThan(SOON_MS);
  await vi.waitFor(() => expect(rig!.audit.decided('failed')).toMatchObject([{ peer: NAME, kind: 'confirm' }]));
  expect(rig.audit.decided('granted')).toHaveLength(1);
  expect(audit.entries.map(({ decision, problem }) => [decision, problem])).toEqual([
    ['granted', undefined],
    ['failed', undefined],
  ]);
});
