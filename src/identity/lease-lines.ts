/** Beyond it a line is no row of a lease file. */
const MAX_LINE_CHARACTERS = 4096;

/** Takes the line without its end; undefined when it was too long. */
type TakeLine = (line: string | undefined, lineNumber: number) => void;

/** Puts lines together from pieces of text. A line counts once its line feed has come. */
export class LeaseLines {
  readonly #take: TakeLine;
  #rest = '';
  #isTooLong = false;
  #lineNumber: number;

  constructor(firstLine: number, take: TakeLine) {
    this.#lineNumber = firstLine;
    this.#take = take;
  }

  /** Whether a line has begun that has not ended. */
  get isCut(): boolean {
    return this.#rest !== '' || this.#isTooLong;
  }

  push(text: string): void {
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#add(text, start, end);
      this.#take(this.#isTooLong ? undefined : this.#rest.replace(/\r$/, ''), this.#lineNumber++);
      this.#rest = '';
      this.#isTooLong = false;
      start = end + 1;
    }
    this.#add(text, start, text.length);
  }

  #add(text: string, start: number, end: number): void {
    this.#isTooLong ||= this.#rest.length + end - start > MAX_LINE_CHARACTERS;
    this.#rest = this.#isTooLong ? '' : this.#rest + text.slice(start, end);
  }
}
