import type { TimeSource } from '../core/clock.ts';
import { TokenBucket } from '../core/token-bucket.ts';
import type { PacketInView } from '../openflow/packet-in.ts';
import type { MultipartReplyBody } from '../openflow/schema/multipart.ts';
import { ASK_METER, COPY_METERS } from './base-flows.ts';
import { type CopyReason, copyReasonOf } from './pipeline.ts';

/**
 * How many packets were dropped between a switch and us for their number, and the limit on copies where the switch has no
 * meter for them. Packets that wait for a verdict have no such limit here: the queue behind is theirs.
 */
export class PacketInLimits {
  /** Copies dropped: by the meters of the switch, or here. */
  readonly copiesDropped: Record<CopyReason, number> = {
    observed: 0,
    blocked: 0,
    query: 0,
    response: 0,
    fragment: 0,
    allowed: 0,
  };
  /** Packets that waited for a verdict and that the switch's meter dropped. */
  asksDropped = 0;
  readonly #buckets: ReadonlyMap<CopyReason, TokenBucket>;

  /** `rates` are packets per second by meter id. */
  constructor(clock: TimeSource, rates: ReadonlyMap<number, number>) {
    this.#buckets = new Map(
      COPY_METERS.map(({ meterId, reason }) => {
        const rate = rates.get(meterId) ?? 0;
        return [reason, new TokenBucket(clock, rate, rate)];
      }),
    );
  }

  /** False when the packet is a copy too many. To be asked where copies pass no meter. */
  passes(packet: PacketInView): boolean {
    const reason = copyReasonOf(packet);
    if (reason === undefined || this.#buckets.get(reason)!.take()) return true;
    this.copiesDropped[reason]++;
    return false;
  }

  /** Takes up what the meters of the switch say. */
  countMeters(parts: readonly MultipartReplyBody[]): void {
    const meters = parts.flatMap((part) => (part.type === 'meter' ? part.entries : []));
    const dropsOf = (meterId: number) => {
      const stats = meters.find((entry) => entry.meterId === meterId);
      return stats === undefined ? undefined : Number(stats.bandStats[0]?.packetBandCount ?? 0n);
    };
    for (const { meterId, reason } of COPY_METERS)
      this.copiesDropped[reason] = dropsOf(meterId) ?? this.copiesDropped[reason];
    this.asksDropped = dropsOf(ASK_METER) ?? this.asksDropped;
  }
}
