const FULL = 0xffff_ffff;

/** Which operations have been put in order: a bit each. */
export class LinearizedSet {
  readonly words: Uint32Array;
  /** Every word before it is full. */
  private floor = 0;
  /** Every word from here on is empty. */
  private end = 0;

  constructor(count: number) {
    this.words = new Uint32Array(Math.ceil(count / 32));
  }

  has(number: number): boolean {
    return (this.words[number >>> 5]! & (1 << (number & 31))) !== 0;
  }

  add(number: number): void {
    const at = number >>> 5;
    this.words[at]! |= 1 << (number & 31);
    this.end = Math.max(this.end, at + 1);
    while (this.words[this.floor] === FULL) this.floor++;
  }

  delete(number: number): void {
    const at = number >>> 5;
    this.words[at]! &= ~(1 << (number & 31));
    this.floor = Math.min(this.floor, at);
    while (this.end > 0 && this.words[this.end - 1] === 0) this.end--;
  }

  /** No other set has it. Short, as sets that are filled from the front are all ones and then all zeros. */
  name(): string {
    let name = `${this.floor}`;
    for (let at = this.floor; at < this.end; at++) name += ` ${this.words[at]!.toString(36)}`;
    return name;
  }
}

/**
 * Where the search has been: coming there again leads nowhere new. Nor does coming to the same state with the same
 * answered operations and more of the unanswered ones used up, which nobody has to use.
 */
export class SeenStates {
  private readonly unansweredAt: Map<string, Uint32Array[]> = new Map();

  /** False if the search has been there, or where more was left. */
  add(answered: LinearizedSet, unanswered: LinearizedSet, state: string): boolean {
    const place = `${answered.name()}/${state}`;
    const { words } = unanswered;
    const been = this.unansweredAt.get(place);
    if (been === undefined) this.unansweredAt.set(place, [words.slice()]);
    else if (been.some((one) => within(one, words))) return false;
    else been.push(words.slice());
    return true;
  }
}

function within(a: Uint32Array, b: Uint32Array): boolean {
  for (let i = 0; i < a.length; i++) if ((a[i]! & ~b[i]!) !== 0) return false;
  return true;
}
