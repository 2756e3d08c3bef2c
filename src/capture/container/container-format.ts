/** A packet of a capture: `octets[start, end)`, which hold only during the call; the time is milliseconds since the epoch. */
export type OnPacket = (octets: Buffer, start: number, end: number, atMs: number, linkType: number) => void;

/** A capture format read piece by piece. */
export interface ContainerFormat {
  /**
   * What ended the reading: the file says something that cannot be. Where it says so is in the sentence, counted from the
   * beginning of the (unpacked) file.
   */
  readonly damage: string | undefined;
  /** Whether all has been read that must be there before the first packet. */
  readonly hasHead: boolean;
  /** Where in the file the record begins that is not read to its end. */
  readonly recordPosition: number;
  /** How many octets must be there, from where the reading stopped, for it to go on; 0 between two records. */
  readonly wantedOctets: number;
  /**
   * Reads the records that are whole in `octets[start, end)`, which begin at octet `position` of the file. Returns where it
   * stopped; the caller brings the octets from there on again, with more behind them.
   */
  read(octets: Buffer, start: number, end: number, position: number): number;
}

/** No link layer has larger packets; what claims more is damaged. */
export const MAX_PACKET_OCTETS = 262_144;
