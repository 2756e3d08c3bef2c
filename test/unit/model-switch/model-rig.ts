import { FLOW_MOD_DEFAULTS, type FlowMod } from '../../../src/openflow/flow-mod.ts';
import type { Message, MessageOf } from '../../../src/openflow/message.ts';
import type { Action } from '../../../src/openflow/schema/actions.ts';
import { Group, Port, Table } from '../../../src/openflow/schema/constants.ts';
import { errorNames } from '../../../src/openflow/schema/errors.ts';
import type { Instruction } from '../../../src/openflow/schema/instructions.ts';
import type { FlowStats, MultipartReplyBody, MultipartRequestBody } from '../../../src/openflow/schema/multipart.ts';
import type { ModelConnection } from '../../support/model-switch/model-connection.ts';
import { ModelSwitch, type ModelSwitchOptions } from '../../support/model-switch/model-switch.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

export const output = (port: number): Action => ({ type: 'output', port, maxLength: 0xffff });
export const apply = (...actions: Action[]): Instruction => ({ type: 'applyActions', actions });
export const write = (...actions: Action[]): Instruction => ({ type: 'writeActions', actions });
export const goto = (tableId: number): Instruction => ({ type: 'gotoTable', tableId });
export const flow = (fields: Partial<FlowMod> = {}): FlowMod => ({ ...FLOW_MOD_DEFAULTS, ...fields });

/** A model switch with one controller that keeps what it is sent. */
export class ModelRig {
  readonly clock = new VirtualClock();
  readonly model: ModelSwitch;
  readonly sent: Message[] = [];
  readonly connection: ModelConnection;

  constructor(options: ModelSwitchOptions = {}) {
    this.model = new ModelSwitch(this.clock, options);
    this.connection = this.connect(this.sent);
    this.sent.length = 0;
  }

  connect(sent: Message[]): ModelConnection {
    return this.model.connect((message) => sent.push(message));
  }

  /** What the switch answers, or says of its own accord meanwhile. */
  tell(message: Message): readonly Message[] {
    this.sent.length = 0;
    this.connection.receive(message);
    return [...this.sent];
  }

  /** The names of the errors that messages earn, one after the other; `undefined` for none. */
  errors(...messages: readonly Message[]): readonly (string | undefined)[] {
    return messages.map((message) => {
      const error = this.tell(message).find((answer) => answer.type === 'error');
      return error === undefined ? undefined : errorNames(error.errorType, error.code, error.experimenter).code;
    });
  }

  /** Sends changes that must be taken. */
  take(...messages: readonly Message[]): void {
    const refused = this.errors(...messages).find((error) => error !== undefined);
    if (refused !== undefined) throw new Error(`refused: ${refused}`);
  }

  /** The parts of a multipart reply. */
  ask(body: MultipartRequestBody): readonly MessageOf<'multipartReply'>[] {
    return this.tell({ type: 'multipartRequest', xid: 7, flags: 0, body }) as MessageOf<'multipartReply'>[];
  }

  one<T extends MultipartReplyBody['type']>(body: MultipartRequestBody & { type: T }) {
    const [reply] = this.ask(body);
    return reply!.body as Extract<MultipartReplyBody, { readonly type: T }>;
  }

  flows(): readonly FlowStats[] {
    return this.one(flowRequest()).entries;
  }

  /** Ports that a frame leaves by. */
  ports(frame: Buffer, inPort = 1): readonly number[] {
    const { happenings } = this.model.forward(frame, inPort);
    return happenings.flatMap((happening) => (happening.kind === 'output' ? [happening.port] : []));
  }

  /** Messages of a type that have come since the last `tell`. */
  ofType<T extends Message['type']>(type: T): readonly MessageOf<T>[] {
    return this.sent.filter((message): message is MessageOf<T> => message.type === type);
  }
}

export function flowRequest(fields: object = {}): Extract<MultipartRequestBody, { readonly type: 'flow' }> {
  const filter = { tableId: Table.ALL, outPort: Port.ANY, outGroup: Group.ANY, cookie: 0n, cookieMask: 0n, match: [] };
  return { type: 'flow', ...filter, ...fields };
}
