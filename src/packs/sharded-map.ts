import { type Address, isIpv4 } from '../core/address.ts';

const SHARDS = 1024;

/**
 * A map in many small ones: a large Map that grows copies all it holds in one go and stops everything else for that time,
 * one of these copies a thousandth. `hash` spreads keys; keys that it does not spread make the map no worse than a Map.
 */
export class ShardedMap<K, V> {
  readonly #shards: (Map<K, V> | undefined)[] = new Array<Map<K, V> | undefined>(SHARDS);
  readonly #hash: (key: K) => number;
  #size = 0;

  constructor(hash: (key: K) => number) {
    this.#hash = hash;
  }

  get size(): number {
    return this.#size;
  }

  get(key: K): V | undefined {
    return this.#shards[this.#hash(key) & (SHARDS - 1)]?.get(key);
  }

  set(key: K, value: V): void {
    const index = this.#hash(key) & (SHARDS - 1);
    const held = this.#shards[index];
    const shard = held ?? new Map<K, V>();
    if (held === undefined) this.#shards[index] = shard;
    const before = shard.size;
    shard.set(key, value);
    this.#size += shard.size - before;
  }

  *[Symbol.iterator](): Generator<[K, V], void> {
    for (const shard of this.#shards) if (shard !== undefined) yield* shard;
  }
}

/** Spreads addresses, whose last bits differ most. */
export function hashAddress(address: Address): number {
  let bits = isIpv4(address) ? address : 0;
  if (!isIpv4(address)) for (let at = 0; at < address.length; at++) bits = Math.imul(bits, 31) + address.charCodeAt(at);
  const mixed = Math.imul(bits ^ (bits >>> 15), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}
