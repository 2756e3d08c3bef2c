import { type Address, isIpv4, parseAddress } from '../core/address.ts';
import { FlowModTemplate } from '../openflow/flow-mod.ts';
import { encodeMessage } from '../openflow/message.ts';
import type { OxmName } from '../openflow/oxm.ts';
import { packetOutLength, writePacketOut } from '../openflow/packet-out.ts';
import { Port } from '../openflow/schema/constants.ts';
import { IP_PROTOCOL } from '../packet/protocol-numbers.ts';
import type { ClientScope, DropScope, FlowScope } from './flow-scope.ts';
import { COOKIE_TAG, type Flow } from './pipeline.ts';
import { addFlow, deleteFlow } from './reconcile.ts';
import type { SendBuffer } from './send-buffer.ts';
import { allowFlow, bypassFlow, dropClientFlow, dropFlow, portFieldOf } from './verdict-flows.ts';

/** The two forms of a flow_mod of one shape: added, and taken away. */
interface Templates {
  readonly rule: number;
  readonly add: FlowModTemplate;
  readonly remove: FlowModTemplate;
}

type Fields = Partial<FlowScope>;

/** Which fields are set, as one number: a bit for each, and one for the family and the protocol of the port. */
const SHAPE = { ipv6: 1, client: 2, group: 4, inPort: 8, mac: 16, ipProtocol: 32, clientPort: 64, tcp: 128 } as const;

const SAMPLE = { ipv4: parseAddress('192.0.2.1')!, ipv6: parseAddress('2001:db8::1')! };

/** Writes what carries out a verdict straight into the send buffer: flow_mods and packet_outs of the hot path. */
export class VerdictWriter {
  readonly #out: SendBuffer;
  readonly #allow = new ShapedTemplates((scope) => allowFlow(scope, 0));
  readonly #drop = new ShapedTemplates((scope) => dropFlow(scope as DropScope, 0));
  readonly #dropClient = new ShapedTemplates((scope) => dropClientFlow(scope as DropScope, 0));
  #generation = 0;
  #cookieHigh = 0;

  constructor(out: SendBuffer) {
    this.#out = out;
    this.setGeneration(0);
  }

  /** The generation that the cookies of new flows carry. */
  setGeneration(generation: number): void {
    this.#generation = generation;
    this.#cookieHigh = ((COOKIE_TAG << 16) | generation) >>> 0;
  }

  addAllow(scope: FlowScope, hardTimeoutSeconds: number): void {
    this.#add(this.#allow.for(scope), scope, hardTimeoutSeconds);
  }

  removeAllow(scope: FlowScope): void {
    this.#write(this.#allow.for(scope).remove, scope);
  }

  addDrop(scope: DropScope, hardTimeoutSeconds: number): void {
    this.#add(this.#drop.for(scope), scope, hardTimeoutSeconds);
  }

  removeDrop(scope: DropScope): void {
    this.#write(this.#drop.for(scope).remove, scope);
  }

  addClientDrop(scope: ClientScope, hardTimeoutSeconds: number): void {
    this.#add(this.#dropClient.for(scope), scope, hardTimeoutSeconds);
  }

  removeClientDrop(scope: ClientScope): void {
    this.#write(this.#dropClient.for(scope).remove, scope);
  }

  /** `group`: undefined for all. */
  addBypass(group: number | undefined, hardTimeoutSeconds: number): void {
    const mod = addFlow(bypassFlow(group, hardTimeoutSeconds), this.#generation);
    this.#out.append(encodeMessage({ ...mod, xid: this.#out.nextXid() }));
  }

  removeBypass(group: number | undefined): void {
    this.#out.append(encodeMessage({ ...deleteFlow(bypassFlow(group, 0)), xid: this.#out.nextXid() }));
  }

  /** Sends a held frame on its way, as the switch itself would have. */
  release(inPort: number, frame: Buffer, frameStart: number, frameEnd: number): void {
    this.#send(inPort, Port.NORMAL, frame, frameStart, frameEnd);
  }

  /** Sends a frame back out of the port by which its client's came. */
  answer(inPort: number, frame: Buffer): void {
    this.#send(inPort, Port.IN_PORT, frame, 0, frame.length);
  }

  #send(inPort: number, outPort: number, frame: Buffer, frameStart: number, frameEnd: number): void {
    const offset = this.#out.reserve(packetOutLength(frameEnd - frameStart));
    const { chunk } = this.#out;
    writePacketOut(chunk, offset, this.#out.nextXid(), inPort, outPort, frame, frameStart, frameEnd);
  }

  #add({ add, rule }: Templates, fields: Fields, hardTimeoutSeconds: number): void {
    const offset = this.#write(add, fields);
    add.patchCookie(this.#out.chunk, offset, this.#cookieHigh, rule);
    add.patchHardTimeout(this.#out.chunk, offset, hardTimeoutSeconds);
  }

  #write(template: FlowModTemplate, fields: Fields): number {
    const offset = this.#out.reserve(template.lengthBytes);
    const { chunk } = this.#out;
    template.write(chunk, offset);
    template.patchXid(chunk, offset, this.#out.nextXid());
    const { destination, client, group, inPort, mac, ipProtocol, clientPort } = fields;
    const at = (field: OxmName) => offset + template.oxmOffset(field);
    if (destination !== undefined) this.#patchAddress(at(isIpv4(destination) ? 'ipv4_dst' : 'ipv6_dst'), destination);
    if (client !== undefined) this.#patchAddress(at(isIpv4(client) ? 'ipv4_src' : 'ipv6_src'), client);
    if (group !== undefined) chunk.writeUInt16BE(group, at('metadata') + GROUP_OFFSET);
    if (inPort !== undefined) chunk.writeUInt32BE(inPort, at('in_port'));
    if (mac !== undefined) chunk.writeUIntBE(mac, at('eth_src'), 6);
    if (ipProtocol !== undefined) chunk[at('ip_proto')] = ipProtocol;
    if (clientPort !== undefined) chunk.writeUInt16BE(clientPort, at(portFieldOf(ipProtocol)));
    return offset;
  }

  #patchAddress(at: number, address: Address): void {
    if (isIpv4(address)) this.#out.chunk.writeInt32BE(address, at);
    else this.#out.chunk.write(address, at, 'latin1');
  }
}

/** Metadata has 64 bits, of which the group is the last 16. */
const GROUP_OFFSET = 6;

/** A template for each shape of scope that has come up. */
class ShapedTemplates {
  readonly #flowFor: (scope: FlowScope) => Flow;
  readonly #byShape: (Templates | undefined)[] = [];

  constructor(flowFor: (scope: FlowScope) => Flow) {
    this.#flowFor = flowFor;
  }

  for(fields: Fields): Templates {
    const shape = shapeOf(fields);
    return this.#byShape[shape] ?? this.#make(shape, fields);
  }

  #make(shape: number, fields: Fields): Templates {
    const sample = (shape & SHAPE.ipv6) === 0 ? SAMPLE.ipv4 : SAMPLE.ipv6;
    const flow = this.#flowFor({
      ...fields,
      destination: sample,
      ...(fields.client === undefined ? {} : { client: sample }),
    });
    const templates = {
      rule: flow.rule,
      add: new FlowModTemplate(addFlow(flow, 0)),
      remove: new FlowModTemplate(deleteFlow(flow)),
    };
    this.#byShape[shape] = templates;
    return templates;
  }
}

function shapeOf({ destination, client, group, inPort, mac, ipProtocol, clientPort }: Fields): number {
  let shape = typeof (destination ?? client) === 'string' ? SHAPE.ipv6 : 0;
  if (client !== undefined) shape |= SHAPE.client;
  if (group !== undefined) shape |= SHAPE.group;
  if (inPort !== undefined) shape |= SHAPE.inPort;
  if (mac !== undefined) shape |= SHAPE.mac;
  if (ipProtocol !== undefined) shape |= SHAPE.ipProtocol;
  if (clientPort !== undefined)
    shape |= ipProtocol === IP_PROTOCOL.TCP ? SHAPE.clientPort | SHAPE.tcp : SHAPE.clientPort;
  return shape;
}
