import type { Message, MessageOf } from '../../../src/openflow/message.ts';

type Masks = Omit<MessageOf<'setAsync'>, 'type' | 'xid'>;

/** What a controller is told before it says what it wants (OpenFlow 1.3.5 §7.3.10): a slave only of ports. */
const DEFAULTS: Masks = {
  packetInMask: 3,
  packetInMaskSlave: 0,
  portStatusMask: 7,
  portStatusMaskSlave: 7,
  flowRemovedMask: 15,
  flowRemovedMaskSlave: 0,
};

/** Which messages of a switch's own a controller wants, in each of its roles. */
export class AsyncSettings {
  #masks: Masks = DEFAULTS;

  get masks(): Masks {
    return this.#masks;
  }

  set({ type: _type, xid: _xid, ...masks }: MessageOf<'setAsync'>): void {
    this.#masks = masks;
  }

  /** Messages of other types are wanted by none. */
  wants(message: Message, isSlave: boolean): boolean {
    const masks = this.#masks;
    switch (message.type) {
      case 'packetIn':
        return hasBit(isSlave ? masks.packetInMaskSlave : masks.packetInMask, message.reason);
      case 'flowRemoved':
        return hasBit(isSlave ? masks.flowRemovedMaskSlave : masks.flowRemovedMask, message.reason);
      case 'portStatus':
        return hasBit(isSlave ? masks.portStatusMaskSlave : masks.portStatusMask, message.reason);
      default:
        return false;
    }
  }
}

const hasBit = (mask: number, bit: number) => ((mask >>> bit) & 1) === 1;
