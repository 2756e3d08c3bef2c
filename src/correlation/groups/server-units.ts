import type { FeatureTable } from './feature-table.ts';

/** An address that more names and destinations stand on is one of a provider, and makes them no one server. */
const MAX_USES = 8;

/**
 * Features that are one server: a name, the addresses it resolved to, their ports, and the registrable domain. Valid while the
 * table holds its numbers.
 */
export class ServerUnits {
  readonly #features: FeatureTable;
  /** By feature: the one above it, itself at the top, 0 before it was looked at. */
  readonly #above: Int32Array;

  constructor(features: FeatureTable) {
    this.#features = features;
    this.#above = new Int32Array(features.lastFeature + 1);
  }

  /** Ties a feature to those that are one server with it. `isTied`: whether its registrable domain may be one of them. */
  join(feature: number, isTied: (domain: number) => boolean): void {
    if (feature >= this.#above.length || this.#above[feature] !== 0) return;
    this.#above[feature] = feature;
    const features = this.#features;
    const domain = features.domainOf(feature);
    if (domain !== 0 && isTied(domain)) this.#unite(feature, domain);
    for (const address of features.answersOf(feature)) this.#uniteAddress(feature, address);
    const address = features.addressNumber(feature);
    if (address !== 0) this.#uniteAddress(feature, address);
  }

  /** The number of the server that a feature is of. */
  unitOf(feature: number): number {
    const above = this.#above;
    if (feature >= above.length || above[feature] === 0) return feature;
    let top = feature;
    while (above[top] !== top) {
      above[top] = above[above[top]!]!;
      top = above[top]!;
    }
    return top;
  }

  #uniteAddress(feature: number, address: number): void {
    if (this.#features.uses(address) <= MAX_USES) this.#unite(feature, address);
  }

  #unite(feature: number, other: number): void {
    if (other >= this.#above.length) return;
    if (this.#above[other] === 0) this.#above[other] = other;
    const top = this.unitOf(feature);
    this.#above[this.unitOf(other)] = top;
  }
}
