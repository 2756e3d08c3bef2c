import type { PcapModule, PcapPacket, PcapSession } from '../../src/capture/pcap-binding.ts';

/** A session whose traffic the test makes up. Like the real one it keeps a frame count and drops nothing. */
export class FakeSession implements PcapSession {
  readonly link_type: string;
  readonly buf = Buffer.alloc(65535);
  readonly header = Buffer.alloc(16);
  readonly interfaceName: string;
  readonly filter: string;
  closed = false;
  /** What `dispatch` returns when it has handed over all; the interface has failed when it is negative. */
  status = 0;
  #listener: (packet: PcapPacket) => void = () => {};
  #waiting: { octets: Buffer; atMs: number }[] = [];
  #received = 0;

  readonly session = {
    read_callback: () => {},
    dispatch: () => {
      for (const { octets, atMs } of this.#waiting.splice(0)) {
        octets.copy(this.buf);
        this.header.writeUInt32LE(Math.floor(atMs / 1000), 0);
        this.header.writeUInt32LE(Math.round((atMs % 1000) * 1000), 4);
        this.header.writeUInt32LE(octets.length, 8);
        this.#listener(this);
      }
      return this.closed ? -2 : this.status;
    },
  };

  constructor(interfaceName: string, filter: string, linkType: string) {
    this.interfaceName = interfaceName;
    this.filter = filter;
    this.link_type = linkType;
  }

  on(_event: 'packet', listener: (packet: PcapPacket) => void): void {
    this.#listener = listener;
  }

  close(): void {
    this.closed = true;
  }

  stats(): { ps_recv: number; ps_drop: number } {
    if (this.status < 0) throw new Error('pcap session already closed');
    return { ps_recv: this.#received, ps_drop: 0 };
  }

  /** A frame passes the filter in the kernel. `swallowed`: libpcap refuses it afterwards. */
  arrive(octets: Buffer, atMs = 1000, swallowed = false): void {
    this.#received++;
    if (!swallowed) this.#waiting.push({ octets, atMs });
  }

  /** The event loop finds the descriptor readable. */
  wake(): void {
    this.session.read_callback();
  }
}

/** A libpcap without interfaces of its own. */
export class FakePcap implements PcapModule {
  readonly sessions: FakeSession[] = [];
  /** Thrown by `createSession` while it is set. */
  failure: string | undefined;
  linkType = 'LINKTYPE_ETHERNET';
  warningHandler = () => {};

  createSession(interfaceName: string, options: { readonly filter: string }): FakeSession {
    if (this.failure !== undefined) throw new Error(this.failure);
    const session = new FakeSession(interfaceName, options.filter, this.linkType);
    this.sessions.push(session);
    return session;
  }

  /** The last open session of the direction for frames of that size. */
  find(direction: 'outbound' | 'inbound' | 'both', size: 'usual' | 'large' = 'usual'): FakeSession {
    const start = `${direction === 'both' ? '' : `${direction} and `}${size === 'usual' ? 'less' : 'greater'} `;
    const found = this.sessions.filter(({ filter, closed }) => filter.startsWith(start) && !closed).at(-1);
    if (found === undefined) throw new Error(`no open session with filter ${start}`);
    return found;
  }
}
