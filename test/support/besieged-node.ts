import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import type { PeerClient } from '../../src/traceback/http/peer-client.ts';
import type { Peer } from '../../src/traceback/node-options.ts';
import { PROBLEMS, type ProblemType } from '../../src/traceback/problem.ts';
import type { Answered } from './hostile-peer.ts';
import { LabFederation } from './lab-federation.ts';
import { clientNamed, NodeRig, peerNamed, tracebackOf } from './node-rig.ts';

export const BAD = 'bad.example';
export const GOOD = 'good.example';
const never = new AbortController().signal;

/** A node with a hostile peer, and a good one that asks it all the while. */
export class BesiegedNode {
  readonly lab: LabFederation;
  readonly #good: PeerClient;
  #rig: NodeRig | undefined;

  private constructor(lab: LabFederation, good: PeerClient) {
    this.lab = lab;
    this.#good = good;
  }

  static async make(): Promise<BesiegedNode> {
    const lab = await LabFederation.make();
    return new BesiegedNode(lab, await clientNamed(lab, GOOD));
  }

  get rig(): NodeRig {
    return this.#rig!;
  }

  get port(): number {
    return this.rig.port;
  }

  /** `parts`: of the hostile peer. */
  async start(parts: Partial<Peer> = {}, options: Parameters<typeof NodeRig.start>[2] = {}): Promise<void> {
    this.#rig = await NodeRig.start(this.lab, [peerNamed(BAD, parts), peerNamed(GOOD)], options);
  }

  async stop(): Promise<void> {
    await this.#rig?.stop();
    this.#rig = undefined;
  }

  end(): void {
    this.#good.stop();
    this.lab.remove();
  }

  /** Does what a hostile peer does, while the good one asks all the time and is answered. */
  async besideOthers<T>(act: () => Promise<T>): Promise<T> {
    await this.#askAsGood();
    let isDone = false;
    const acting = act().finally(() => {
      isDone = true;
    });
    acting.catch(() => {});
    let answered = 1;
    while (!isDone || answered < 3) {
      await this.#askAsGood();
      answered++;
      await wait(5);
    }
    const result = await acting;
    expect(this.rig.audit.decided('answered').filter(({ peer }) => peer === GOOD)).toHaveLength(answered);
    return result;
  }

  /** It was counted, and is in the audit log, so often, and nothing else was refused. */
  expectRefused(peer: string | undefined, type: ProblemType, times = 1): void {
    expect(this.rig.desk.figures.refused).toEqual({ [type]: times });
    expect(this.rig.audit.refusals(peer, type)).toBe(times);
    const others = this.rig.audit.entries.filter(({ decision, problem }) => decision === 'refused' && problem !== type);
    expect(others).toEqual([]);
  }

  async #askAsGood(): Promise<void> {
    await this.#good.ask(this.rig.peer, tracebackOf(GOOD), never);
  }
}

/** A whole problem document (RFC 9457 §3) of this type. */
export function expectProblem({ status, headers, body }: Answered, type: ProblemType): void {
  expect(headers['content-type']).toBe('application/problem+json');
  expect(JSON.parse(body)).toEqual({
    type: `https://gluewall.invalid/problems/${type}`,
    title: type.replaceAll('-', ' '),
    status: PROBLEMS[type],
    detail: expect.stringMatching(/^.{5,500}$/),
  });
  expect(status).toBe(PROBLEMS[type]);
}
