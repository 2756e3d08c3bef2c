/** What a reload has changed, or would. */
export interface ReloadView {
  readonly file: string;
  /** `trial`: it would change something, and was not asked to. */
  readonly outcome: 'applied' | 'unchanged' | 'trial';
  readonly differences: readonly {
    readonly path: string;
    readonly removed: readonly string[];
    readonly added: readonly string[];
    /** False for a key that takes a restart. */
    readonly isLive: boolean;
  }[];
  readonly warnings: readonly string[];
}
