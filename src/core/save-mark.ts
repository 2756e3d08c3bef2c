/** Names one save of one writer, so that it is done once however often it is asked for: kept with what it saved. */
export interface SaveMark {
  /** 32 hexadecimal digits. */
  readonly writer: string;
  /** Rises with each save of that writer. */
  readonly sequence: number;
}
