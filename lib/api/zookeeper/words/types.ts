import type { Clock, NodeId, SessionId } from '../../../base/index.js';
import type { SessionHub } from '../../../coordination/index.js';
import type { Replica } from '../../../replica/index.js';
import type { CutNotes } from '../cut-notes.js';
import type { Counters, Traffic } from '../traffic.js';
import type { Word } from './names.js';

/** A connection as words show it. */
export interface ConnectionView {
  /** `address:port` of the client. */
  readonly remote: string;
  readonly session: SessionId | null;
  readonly timeoutMs: number;
  /** Since the Unix epoch. */
  readonly openedAtMs: number;
  /** Something is read from it: neither a word nor a client that asks too much. */
  readonly reading: boolean;
  readonly traffic: Traffic;
}

/** What the configuration says, as `conf` shows it. */
export interface DoorSettings {
  readonly secure: boolean;
  readonly minTimeoutMs: number;
  readonly maxTimeoutMs: number;
  readonly connections: number;
  readonly perAddress: number;
}

/** Where words find what they tell. */
export interface WordSource {
  readonly replica: Replica;
  readonly hub: SessionHub;
  readonly node: () => NodeId;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly connections: () => readonly ConnectionView[];
  readonly rejected: () => number;
  /** Reads are served to those who say that they would do: there is no leader. */
  readonly readOnly: () => boolean;
  readonly cuts: CutNotes;
  readonly settings: DoorSettings;
  /** Those that are answered. */
  readonly words: ReadonlySet<Word>;
  readonly port: () => number;
  /** The release of this package. */
  readonly release: string;
  /** The data folder, and what it holds in bytes as of late. */
  readonly dataDir: string;
  readonly dataBytes: () => number;
  /** Monotonic. */
  readonly startedAtMs: number;
}
