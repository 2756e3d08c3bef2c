/** The place of an item in one list. */
export class RecencyNode<T> {
  readonly item: T;
  older: RecencyNode<T> | undefined;
  newer: RecencyNode<T> | undefined;

  constructor(item: T) {
    this.item = item;
  }
}

/** Items in the order in which they were seen last; moving one allocates nothing. */
export class RecencyList<T> {
  #oldest: RecencyNode<T> | undefined;
  #newest: RecencyNode<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get oldest(): T | undefined {
    return this.#oldest?.item;
  }

  /** Puts in, as the newest, a node that is in no list. */
  add(node: RecencyNode<T>): void {
    node.older = this.#newest;
    node.newer = undefined;
    if (this.#newest === undefined) this.#oldest = node;
    else this.#newest.newer = node;
    this.#newest = node;
    this.#size++;
  }

  /** Takes out a node of this list. */
  remove(node: RecencyNode<T>): void {
    if (node.older === undefined) this.#oldest = node.newer;
    else node.older.newer = node.newer;
    if (node.newer === undefined) this.#newest = node.older;
    else node.newer.older = node.older;
    node.older = undefined;
    node.newer = undefined;
    this.#size--;
  }

  /** Makes a node of this list the newest. */
  touch(node: RecencyNode<T>): void {
    if (node === this.#newest) return;
    this.remove(node);
    this.add(node);
  }
}
