import type { ClientDirectory, Sighting } from '../identity/client-directory.ts';
import type { FrameView } from '../packet/frame.ts';
import { NO_ADDRESSES, NO_TAG } from '../packet/link-layer.ts';

/** Takes the frame in view; to be called for each packet_in, it allocates nothing. */
export type TakeSighting = (frame: FrameView, datapathId: string, inPort: number, portName: string | undefined) => void;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Tells the directory who sent each frame. `nowMs` is asked for each. */
export function takeSightings(directory: Pick<ClientDirectory, 'saw'>, nowMs: () => number): TakeSighting {
  const sighting: Mutable<Sighting> = {
    mac: 0,
    datapathId: '',
    inPort: 0,
    portName: undefined,
    vlan: undefined,
    address: 0 as Sighting['address'],
    atMs: 0,
  };
  return (frame, datapathId, inPort, portName) => {
    if (frame.macsAt === NO_ADDRESSES) return;
    sighting.mac = frame.frameOctets.readUIntBE(frame.macsAt + 6, 6);
    sighting.datapathId = datapathId;
    sighting.inPort = inPort;
    sighting.portName = portName;
    sighting.vlan = frame.vlan === NO_TAG ? undefined : frame.vlan;
    sighting.address = frame.source;
    sighting.atMs = nowMs();
    directory.saw(sighting);
  };
}
