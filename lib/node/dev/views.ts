import type { Clock } from '../../base/index.js';
import type { CliIo } from '../../cli/index.js';
import { announce, serves, type DoorPlan } from './announcement.js';
import { describeChanges, describeLeader } from './changes.js';
import type { Picture } from './picture.js';
import { renderTable, type TableContext, type TableSize } from './table.js';

/** How a person or a script follows the cluster. */
export interface View {
  /** `withoutMs`: how long there was no leader, when one was found now. */
  show(picture: Picture, withoutMs: number | null): void;
  /** Something that no picture shows. */
  note(text: string): void;
  /** Words of the end, once no picture follows. */
  close(text: string): void;
}

/** One JSON line once the cluster serves; standard output belongs to it. */
export class JsonView implements View {
  private readonly io: CliIo;
  private readonly planOf: (id: string) => DoorPlan | null;
  private announced = false;

  constructor(io: CliIo, planOf: (id: string) => DoorPlan | null) {
    this.io = io;
    this.planOf = planOf;
  }

  show(picture: Picture): void {
    if (this.announced || !serves(picture)) return;
    this.announced = true;
    this.io.out(`${JSON.stringify(announce(picture, this.planOf))}\n`);
  }

  note(text: string): void {
    this.io.err(`tepui dev: ${text}\n`);
  }

  close(text: string): void {
    this.note(text);
  }
}

/** A line per change. */
export class LinesView implements View {
  private readonly io: CliIo;
  private last: Picture | null = null;

  constructor(io: CliIo) {
    this.io = io;
  }

  show(picture: Picture, withoutMs: number | null): void {
    const lines = [...describeLeader(this.last, picture, withoutMs), ...describeChanges(this.last, picture)];
    for (const line of lines) this.note(line);
    this.last = picture;
  }

  note(text: string): void {
    this.io.out(`${text}\n`);
  }

  close(text: string): void {
    this.note(text);
  }
}

const HOME = '\u001B[H';
const CLEAR_TO_END = '\u001B[J';
const CLEAR_LINE = '\u001B[K';
const RECENT = 3;

/** A table that is drawn over itself. */
export class TableView implements View {
  private readonly io: CliIo;
  private readonly size: () => TableSize;
  private readonly clock: Clock;
  private readonly restart: TableContext['restart'];
  private readonly recent: string[] = [];
  private closed = false;
  private last: Picture | null = null;

  constructor(io: CliIo, size: () => TableSize, clock: Clock, restart: TableContext['restart']) {
    this.io = io;
    this.size = size;
    this.clock = clock;
    this.restart = restart;
  }

  show(picture: Picture, withoutMs: number | null): void {
    // That there is none stands below the table as long as it lasts.
    if (picture.leader !== null) {
      for (const line of describeLeader(this.last, picture, withoutMs)) this.note(line);
    }
    const size = this.size();
    // What the terminal showed before scrolls up; it is not drawn over.
    if (this.last === null) this.io.out('\n'.repeat(size.rows));
    this.last = picture;
    const wallMs = this.clock.wallMs();
    const lines = renderTable(picture, { ...size, wallMs, recent: this.recent, restart: this.restart });
    this.io.out(`${HOME}${lines.map((line) => `${line}${CLEAR_LINE}`).join('\n')}${CLEAR_TO_END}`);
  }

  note(text: string): void {
    this.recent.push(`${timeOfDay(this.clock.wallMs())}  ${text}`);
    if (this.recent.length > RECENT) this.recent.shift();
  }

  close(text: string): void {
    this.io.out(`${this.closed ? '' : '\n'}  ${text}\n`);
    this.closed = true;
  }
}

function timeOfDay(wallMs: number): string {
  return new Date(wallMs).toTimeString().slice(0, 8);
}
