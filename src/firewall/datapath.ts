import type { ClientScope, DropScope, FlowScope } from '../controller/flow-scope.ts';

/** What a gate does to its switch; the controller's VerdictWriter is one. Flows last 1 to 65535 seconds. */
export interface Datapath {
  addAllow(scope: FlowScope, hardTimeoutSeconds: number): void;
  removeAllow(scope: FlowScope): void;
  addDrop(scope: DropScope, hardTimeoutSeconds: number): void;
  removeDrop(scope: DropScope): void;
  addClientDrop(scope: ClientScope, hardTimeoutSeconds: number): void;
  removeClientDrop(scope: ClientScope): void;
  /** `group`: undefined for all. */
  addBypass(group: number | undefined, hardTimeoutSeconds: number): void;
  removeBypass(group: number | undefined): void;
  /** Sends a held frame on its way, as the switch itself would have. */
  release(inPort: number, frame: Buffer, frameStart: number, frameEnd: number): void;
  /** Sends a frame back out of the port by which its client's came. */
  answer(inPort: number, frame: Buffer): void;
}
