/** Of a node's Stat, what judges look at. */
export interface SeenStat {
  readonly czxid: number;
  readonly mzxid: number;
  readonly pzxid: number;
  readonly version: number;
  /** Session of an ephemeral node; null for others. */
  readonly owner: string | null;
}

/** A value that was given to a node; null: the node was deleted. */
export interface Written {
  readonly path: string;
  readonly value: string | null;
}

/** An answer as it came, with what it answers. */
export interface ReplyRecord {
  readonly wire: 'reply';
  readonly connection: number;
  /** When the request left. */
  readonly sentNs: number;
  /** Of a read behind a sync: when the sync left. What is answered is no older than that. */
  readonly syncedNs: number | null;
  readonly op: string;
  readonly path: string;
  readonly zxid: number;
  /** Of a multi that was refused: why. */
  readonly err: number;
  readonly watch: boolean;
  readonly value: string | null;
  readonly stat: SeenStat | null;
  /** Of a list of children; of setWatches2: what was watched before. */
  readonly names: readonly string[] | null;
  /** What it acknowledges. */
  readonly written: readonly Written[];
}

/** What went over a connection of a ZooKeeper client, and what its user did with it. */
export type WireRecord = { readonly client: string; readonly session: string } & (
  | {
      readonly wire: 'granted';
      readonly connection: number;
      readonly member: string;
      readonly timeoutMs: number;
      /** When the connection was asked for. */
      readonly sentNs: number;
    }
  /** The server says that there is no such session. */
  | {
      readonly wire: 'expired';
      readonly connection: number;
      readonly member: string;
      readonly sentNs: number;
    }
  | {
      readonly wire: 'lost';
      readonly connection: number;
      readonly why: string;
      /** It had asked for the end of the session. */
      readonly ending: boolean;
      /** What was asked for and not answered. */
      readonly unanswered: readonly Written[];
    }
  /** An answer that is not the next one due. */
  | { readonly wire: 'disorder'; readonly connection: number; readonly what: string }
  | ReplyRecord
  | { readonly wire: 'event'; readonly connection: number; readonly event: number; readonly path: string }
  /** `fence` rises from holder to holder. */
  | { readonly wire: 'hold'; readonly fence: number }
  /** The holder writes to what the lock guards. */
  | { readonly wire: 'fence'; readonly fence: number }
  /** `untilNs`: until when the holder believed that it held the lock, by what its connection had told it. */
  | { readonly wire: 'release'; readonly fence: number; readonly untilNs: number; readonly why: string }
);
