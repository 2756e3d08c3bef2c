import { type Address, isIpv4, parseAddress } from '../core/address.ts';
import { FlowModTemplate } from '../openflow/flow-mod.ts';
import type { OxmName } from '../openflow/oxm.ts';
import { packetOutLength, writePacketOut } from '../openflow/packet-out.ts';
import { Port } from '../openflow/schema/constants.ts';
import { COOKIE_TAG, type Flow } from './pipeline.ts';
import { addFlow, deleteFlow } from './reconcile.ts';
import type { SendBuffer } from './send-buffer.ts';
import { allowFlow, dropClientFlow, dropFlow } from './verdict-flows.ts';

/** The two forms of a flow_mod for one family: added, and taken away. */
interface Templates {
  readonly rule: number;
  readonly add: FlowModTemplate;
  readonly remove: FlowModTemplate;
}

interface ByFamily {
  readonly ipv4: Templates;
  readonly ipv6: Templates;
}

const SAMPLE = { ipv4: parseAddress('192.0.2.1')!, ipv6: parseAddress('2001:db8::1')! };

/** Writes what carries out a verdict straight into the send buffer: flow_mods and packet_outs of the hot path. */
export class VerdictWriter {
  readonly #out: SendBuffer;
  readonly #allow = byFamily((address) => allowFlow(address, 0));
  readonly #drop = byFamily((address) => dropFlow(address, address, 0));
  readonly #dropClient = byFamily((address) => dropClientFlow(address, 0));
  #cookieHigh = 0;

  constructor(out: SendBuffer) {
    this.#out = out;
    this.setGeneration(0);
  }

  /** The generation that the cookies of new flows carry. */
  setGeneration(generation: number): void {
    this.#cookieHigh = ((COOKIE_TAG << 16) | generation) >>> 0;
  }

  addAllow(destination: Address, hardTimeoutSeconds: number): void {
    this.#add(this.#allow, undefined, destination, hardTimeoutSeconds);
  }

  removeAllow(destination: Address): void {
    this.#remove(this.#allow, undefined, destination);
  }

  addDrop(client: Address, destination: Address, hardTimeoutSeconds: number): void {
    this.#add(this.#drop, client, destination, hardTimeoutSeconds);
  }

  removeDrop(client: Address, destination: Address): void {
    this.#remove(this.#drop, client, destination);
  }

  addClientDrop(client: Address, hardTimeoutSeconds: number): void {
    this.#add(this.#dropClient, client, undefined, hardTimeoutSeconds);
  }

  /** Sends a held frame on its way, as the switch itself would have. */
  release(inPort: number, frame: Buffer, frameStart: number, frameEnd: number): void {
    const offset = this.#out.reserve(packetOutLength(frameEnd - frameStart));
    const { chunk } = this.#out;
    writePacketOut(chunk, offset, this.#out.nextXid(), inPort, Port.NORMAL, frame, frameStart, frameEnd);
  }

  #add(
    kind: ByFamily,
    client: Address | undefined,
    destination: Address | undefined,
    hardTimeoutSeconds: number,
  ): void {
    const { add, rule } = templatesFor(kind, client ?? destination!);
    const offset = this.#write(add, client, destination);
    add.patchCookie(this.#out.chunk, offset, this.#cookieHigh, rule);
    add.patchHardTimeout(this.#out.chunk, offset, hardTimeoutSeconds);
  }

  #remove(kind: ByFamily, client: Address | undefined, destination: Address | undefined): void {
    this.#write(templatesFor(kind, client ?? destination!).remove, client, destination);
  }

  #write(template: FlowModTemplate, client: Address | undefined, destination: Address | undefined): number {
    const offset = this.#out.reserve(template.lengthBytes);
    template.write(this.#out.chunk, offset);
    template.patchXid(this.#out.chunk, offset, this.#out.nextXid());
    if (client !== undefined) this.#patch(template, offset, 'src', client);
    if (destination !== undefined) this.#patch(template, offset, 'dst', destination);
    return offset;
  }

  #patch(template: FlowModTemplate, offset: number, side: 'src' | 'dst', address: Address): void {
    const at = offset + template.oxmOffset(FIELDS[side][isIpv4(address) ? 'ipv4' : 'ipv6']);
    if (isIpv4(address)) this.#out.chunk.writeInt32BE(address, at);
    else this.#out.chunk.write(address, at, 'latin1');
  }
}

const FIELDS = {
  src: { ipv4: 'ipv4_src', ipv6: 'ipv6_src' },
  dst: { ipv4: 'ipv4_dst', ipv6: 'ipv6_dst' },
} as const satisfies Record<string, Record<string, OxmName>>;

function templatesFor(kind: ByFamily, address: Address): Templates {
  return isIpv4(address) ? kind.ipv4 : kind.ipv6;
}

function byFamily(flowFor: (address: Address) => Flow): ByFamily {
  const templates = (flow: Flow): Templates => ({
    rule: flow.rule,
    add: new FlowModTemplate(addFlow(flow, 0)),
    remove: new FlowModTemplate(deleteFlow(flow)),
  });
  return { ipv4: templates(flowFor(SAMPLE.ipv4)), ipv6: templates(flowFor(SAMPLE.ipv6)) };
}
