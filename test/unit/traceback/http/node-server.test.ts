import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../../src/core/clock.ts';
import { silentLog } from '../../../../src/core/log.ts';
import { NodeCertificates } from '../../../../src/traceback/http/node-certificates.ts';
import { NodeServer } from '../../../../src/traceback/http/node-server.ts';
import { PeerClient } from '../../../../src/traceback/http/peer-client.ts';
import { openTls, textOf } from '../../../support/hostile-peer.ts';
import { LabFederation } from '../../../support/lab-federation.ts';
import { type Answering, clientNamed, NodeRig, peerNamed, tracebackOf } from '../../../support/node-rig.ts';

let lab: LabFederation;
let good: PeerClient;
let rig: NodeRig | undefined;
beforeAll(async () => {
  lab = await LabFederation.make();
  good = await clientNamed(lab, 'good.example');
}, 60_000);
afterAll(() => {
  good.stop();
  lab.remove();
});
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

const never = new AbortController().signal;

describe('NodeServer', () => {
  it('answers a peer over a session that is kept', async () => {
    rig = await NodeRig.start(lab, [peerNamed('good.example')]);
    for (let round = 0; round < 3; round++) {
      const request = tracebackOf('good.example');
      const answer = await good.ask(rig.peer, request, never);
      expect(answer).toEqual({ kind: 'traceback', case: request.case, reports: [], gaps: [] });
    }
    expect(rig.server.figures).toEqual({ connections: 1, counts: { connections: 1, requests: 3 } });
    const answered = rig.audit.decided('answered');
    expect(answered).toMatchObject([1, 2, 3].map(() => ({ peer: 'good.example', kind: 'traceback' })));
  });

  it('a peer whose certificate is revoked while it is connected is refused at its next request', async () => {
    const revoked = await lab.end('good.example');
    const files = await lab.files('revoked.example', revoked);
    const certificates = new NodeCertificates('good.example', files, systemClock, silentLog);
    const client = new PeerClient({ certificates, clock: systemClock });
    rig = await NodeRig.start(lab, [peerNamed('good.example')]);
    await client.ask(rig.peer, tracebackOf('good.example'), never);
    await good.ask(rig.peer, tracebackOf('good.example'), never);
    lab.revoke(revoked);
    lab.revocationList();
    rig.certificates.look();
    expect(rig.log.lines).toContain('info: node: took up the new files of node.tls');
    const failing = client.ask(rig.peer, tracebackOf('good.example'), never);
    await expect(failing).rejects.toMatchObject({ reason: 'refused', message: expect.stringContaining('revoked') });
    await good.ask(rig.peer, tracebackOf('good.example'), never);
    client.stop();
  });

  it('no session is resumed: each connection shows its certificate anew', async () => {
    rig = await NodeRig.start(lab, [peerNamed('good.example')]);
    const end = await lab.end('good.example');
    const first = await openTls(end, rig.port, 'http/1.1');
    const sessions: Buffer[] = [];
    first.on('session', (session) => sessions.push(session));
    first.write('GET /v1/schema HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(await textOf(first)).toMatch(/^HTTP\/1\.1 200 /);
    const session = sessions[0] ?? first.getSession();
    const again = await openTls({ ...end, ...(session === undefined ? {} : { session }) }, rig.port, 'http/1.1');
    expect(again.isSessionReused()).toBe(false);
    again.destroy();
  });

  it('over a connection of HTTP/1.1 whose certificate may be trusted no more nothing is asked', async () => {
    rig = await NodeRig.start(lab, [peerNamed('good.example')]);
    const socket = await openTls(await lab.end('good.example'), rig.port, 'http/1.1');
    const request = 'GET /v1/schema HTTP/1.1\r\nHost: x\r\n\r\n';
    socket.write(request);
    await once(socket, 'data');
    await lab.files('node.example', await lab.end('node.example'));
    rig.certificates.look();
    socket.write(request);
    await textOf(socket);
    await vi.waitFor(() => expect(rig!.server.figures.connections).toBe(0), 3000);
    expect(rig.server.figures.counts.requests).toBe(1);
  });

  it('a list of revoked certificates that has expired is said, and the one before stays', async () => {
    rig = await NodeRig.start(lab, [peerNamed('good.example')]);
    lab.revocationList('-crl_lastupdate', '20260101000000Z', '-crl_nextupdate', '20260102000000Z');
    rig.certificates.look();
    expect(rig.log.lines.join()).toContain('warn: node: goes on with the files of node.tls as they were');
    await good.ask(rig.peer, tracebackOf('good.example'), never);
  });

  it('a peer that was taken out is refused, also where it is connected; one that is new is let in', async () => {
    rig = await NodeRig.start(lab, [peerNamed('good.example')]);
    await good.ask(rig.peer, tracebackOf('good.example'), never);
    rig.server.configure({ peers: [] });
    const failing = good.ask(rig.peer, tracebackOf('good.example'), never);
    await expect(failing).rejects.toMatchObject({
      reason: 'refused',
      message: expect.stringContaining('unknown peer'),
    });
    rig.server.configure({ peers: [peerNamed('good.example')] });
    await good.ask(rig.peer, tracebackOf('good.example'), never);
  });

  it('after so many requests a connection is made anew, and no request is lost by it', async () => {
    rig = await NodeRig.start(lab, [peerNamed('good.example')], { limits: { requestsPerConnection: 5 } });
    for (let round = 0; round < 23; round++) await good.ask(rig.peer, tracebackOf('good.example'), never);
    expect(rig.server.figures.counts).toEqual({ connections: 5, requests: 23 });
    expect(rig.desk.figures.refused).toEqual({});
  });

  it('connections without requests are ended', async () => {
    rig = await NodeRig.start(lab, [peerNamed('good.example')], { limits: { idleMs: 100 } });
    await good.ask(rig.peer, tracebackOf('good.example'), never);
    await vi.waitFor(() => expect(rig!.server.figures.connections).toBe(0), 5000);
    await good.ask(rig.peer, tracebackOf('good.example'), never);
  });

  it.each<[string, (port: number) => Socket, string]>([
    ['goes away at once', (port) => connect(port, '127.0.0.1').end(), 'the connection ended in the handshake'],
    ['sends no TLS', (port) => connect(port, '127.0.0.1').end('GET / HTTP/1.1\r\n\r\n'), 'no handshake of TLS 1.3'],
    ['says nothing', (port) => connect(port, '127.0.0.1'), 'handshake'],
    [
      'does not trust the node',
      (port) => connectTls({ port, host: '127.0.0.1', servername: 'node.example', ca: [] }),
      'whoever came may not trust the certificate of this node',
    ],
  ])('of who %s the address is known, and that there was no handshake', async (_what, come, words) => {
    rig = await NodeRig.start(lab, [peerNamed('good.example')], { limits: { strangerMs: 300 } });
    const socket = come(rig.port).on('error', () => {});
    await vi.waitFor(() => expect(rig!.audit.entries).toHaveLength(1), 3000);
    socket.destroy();
    expect(rig.audit.entries).toMatchObject([{ from: '127.0.0.1', decision: 'refused', problem: 'no-handshake' }]);
    expect(rig.log.lines.join()).toContain(words);
  });

  it('who says by an alert that it does not trust the node is understood', async () => {
    rig = await NodeRig.start(lab, [peerNamed('good.example')]);
    const { cert } = await lab.end('node.example', { isOfAnotherAuthority: true });
    const where = ['-connect', `127.0.0.1:${rig.port}`, '-CAfile', lab.write('other.pem', cert!)];
    const asking = spawn('openssl', ['s_client', ...where, '-verify_return_error'], { stdio: 'ignore' });
    await once(asking, 'exit');
    await vi.waitFor(
      () => expect(rig!.log.lines.join()).toContain('does not trust the certificate of this node'),
      3000,
    );
    expect(rig.audit.entries).toMatchObject([{ from: '127.0.0.1', problem: 'no-handshake' }]);
  });

  it('who is in the handshake when the node stops is not refused', async () => {
    rig = await NodeRig.start(lab, [peerNamed('good.example')]);
    const socket = connect(rig.port, '127.0.0.1').on('error', () => {});
    await vi.waitFor(() => expect(rig!.server.figures.counts).toEqual({ connections: 1 }));
    await rig.stop();
    socket.destroy();
    await vi.waitFor(() => expect(rig!.server.figures.counts).toEqual({ connections: 1, handshakes: 1 }));
    expect(rig.audit.entries).toEqual([]);
  });

  it('stop ends what is under way, and is safe twice', async () => {
    let isBegun = false;
    let isAborted = false;
    const answering: Answering = (_request, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          isAborted = true;
          reject(signal.reason);
        });
        isBegun = true;
      });
    rig = await NodeRig.start(lab, [peerNamed('good.example')], { answering });
    const failing = good.ask(rig.peer, tracebackOf('good.example'), never);
    failing.catch(() => {});
    await vi.waitFor(() => expect(isBegun).toBe(true));
    await rig.stop();
    await rig.stop();
    await expect(failing).rejects.toMatchObject({ reason: 'unreachable' });
    await vi.waitFor(() => expect(isAborted).toBe(true));
  });

  it('an address that somebody else has is said', async () => {
    rig = await NodeRig.start(lab, []);
    const { port } = rig;
    const parts = { desk: rig.desk, certificates: rig.certificates, clock: systemClock, log: silentLog };
    const second = new NodeServer({ host: '127.0.0.1', port }, { peers: [] }, parts);
    await expect(second.start()).rejects.toMatchObject({
      code: 'node-listen',
      message: expect.stringMatching(/^node\.listen: 127\.0\.0\.1:\d+ cannot be listened on/),
    });
    await second.stop();
  });
});
