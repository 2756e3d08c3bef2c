import type { MessageOf } from '../../../src/openflow/message.ts';
import { Meter, MeterFlag } from '../../../src/openflow/schema/constants.ts';
import type { ErrorCodeName } from '../../../src/openflow/schema/errors.ts';
import type { MeterConfig } from '../../../src/openflow/schema/multipart.ts';

/** Fullness of a band's bucket in thousandths of a packet, or in bits. */
interface BandState {
  level: number;
  packetCount: bigint;
  byteCount: bigint;
}

/** A meter and what it has counted. */
export interface ModelMeter {
  readonly config: MeterConfig;
  readonly createdAtMs: number;
  readonly bands: readonly BandState[];
  packetCount: bigint;
  byteCount: bigint;
  lastAtMs: number;
}

const SPECIAL: readonly number[] = [Meter.SLOWPATH, Meter.CONTROLLER];
const PER_PACKET = 1000;

/** Meters with drop bands: token buckets that hold a band's burst, or the rate of one second where it names none. */
export class Meters {
  readonly #maxMeter: number;
  #meters: ReadonlyMap<number, ModelMeter> = new Map();

  /** `maxMeter`: the highest number of a meter, 0 when there are none at all. */
  constructor(maxMeter: number) {
    this.#maxMeter = maxMeter;
  }

  get maxMeter(): number {
    return this.#maxMeter;
  }

  has(meterId: number): boolean {
    return this.#meters.has(meterId);
  }

  /** The one of this number, or with OFPM_ALL every one. */
  find(meterId: number): readonly ModelMeter[] {
    if (meterId === Meter.ALL) return [...this.#meters.values()];
    const found = this.#meters.get(meterId);
    return found === undefined ? [] : [found];
  }

  /** Carries out a meter_mod; the error when it is refused. Flows that use a deleted meter are the caller's. */
  apply(mod: MessageOf<'meterMod'>, nowMs: number): ErrorCodeName | undefined {
    const { command, meterId } = mod;
    if (command === 'delete') {
      this.#meters = new Map([...this.#meters].filter(([id]) => meterId !== Meter.ALL && id !== meterId));
      return undefined;
    }
    const error = this.#refusal(mod);
    if (error !== undefined) return error;
    const { flags, bands } = mod;
    const meter: ModelMeter = {
      config: { meterId, flags, bands },
      createdAtMs: nowMs,
      bands: bands.map((band) => ({ level: capacityOf(flags, band), packetCount: 0n, byteCount: 0n })),
      packetCount: 0n,
      byteCount: 0n,
      lastAtMs: nowMs,
    };
    this.#meters = new Map([...this.#meters, [meterId, meter]]);
    return undefined;
  }

  /** Sends a packet through a meter; true when it comes out. A meter that is not there lets all pass. */
  pass(meterId: number, lengthBytes: number, nowMs: number): boolean {
    const meter = this.#meters.get(meterId);
    if (meter === undefined) return true;
    const { flags, bands } = meter.config;
    const cost = (flags & MeterFlag.PKTPS) !== 0 ? PER_PACKET : lengthBytes * 8;
    const elapsedMs = nowMs - meter.lastAtMs;
    meter.lastAtMs = nowMs;
    meter.packetCount++;
    meter.byteCount += BigInt(lengthBytes);
    let exceeded: { readonly rate: number; readonly state: BandState } | undefined;
    for (const [index, band] of bands.entries()) {
      const state = meter.bands[index]!;
      state.level = Math.min(capacityOf(flags, band), state.level + elapsedMs * rateOf(band));
      if (state.level >= cost) state.level -= cost;
      else if (exceeded === undefined || rateOf(band) > exceeded.rate) exceeded = { rate: rateOf(band), state };
    }
    if (exceeded === undefined) return true;
    exceeded.state.packetCount++;
    exceeded.state.byteCount += BigInt(lengthBytes);
    return false;
  }

  #refusal({ command, meterId, bands }: MessageOf<'meterMod'>): ErrorCodeName | undefined {
    const isSpecial = SPECIAL.includes(meterId);
    if (meterId === 0 || (meterId > this.#maxMeter && !isSpecial)) return 'OFPMMFC_INVALID_METER';
    if (command === 'add' && this.has(meterId)) return 'OFPMMFC_METER_EXISTS';
    if (command === 'modify' && !this.has(meterId)) return 'OFPMMFC_UNKNOWN_METER';
    if (bands.some(({ type }) => type !== 'drop')) return 'OFPMMFC_BAD_BAND';
    if (bands.some((band) => rateOf(band) === 0)) return 'OFPMMFC_BAD_RATE';
    return undefined;
  }
}

type Band = MeterConfig['bands'][number];

const rateOf = (band: Band) => (band.type === 'unknown' ? 0 : band.rate);

function capacityOf(flags: number, band: Band): number {
  const burst = band.type === 'unknown' ? 0 : band.burstSize;
  return ((flags & MeterFlag.BURST) !== 0 ? burst : rateOf(band)) * 1000;
}
