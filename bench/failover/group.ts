/** One member of a replicated group: a process of ours, and the one address that its clients use. */
export interface Member {
  readonly id: string;
  readonly address: string;
}

/**
 * A client of one member, with one write on the way at a time. It connects again by itself, and at once: how
 * long a library would wait before it dials is no property of the group.
 */
export interface GroupClient {
  /** Makes the place that it writes to. */
  open(): Promise<void>;
  /**
   * Resolves when the group has acknowledged a write of 100 bytes, to the term (epoch) of the leader under which
   * it was committed. Rejects when the write was refused or its outcome is unknown; the next one is another write.
   */
  write(): Promise<number>;
  close(): void;
}

/** Three members that the bench started, each in a process and a folder of its own. */
export interface Group {
  readonly name: string;
  /** Known once it was started. */
  readonly members: readonly Member[];
  start(): Promise<void>;
  /** Ends every process and removes what they wrote. */
  stop(): Promise<void>;
  /** The member that leads, once every member runs, follows it and holds what it holds; null until then. */
  leader(): Promise<Member | null>;
  /** Of the process that is this member now. */
  pid(id: string): number;
  kill(id: string): void;
  restart(id: string): Promise<void>;
  pause(id: string): void;
  resume(id: string): void;
  client(address: string, number: number): GroupClient;
}

/** A write is 100 bytes in every group. */
export const VALUE_BYTES = 100;

/** How many log entries a member may be behind and still count as level: writes go on while they are compared. */
export const LEVEL_ENTRIES = 200;
