import type { SessionId } from '../../base/index.js';
import type { Identity } from '../../state/index.js';
import type { WatchEvent } from '../watches/index.js';

/** Why a connection is of no more use. */
export type EndCause =
  /** The session was closed or has expired. */
  | 'closed'
  | 'expired'
  /** Its client came back elsewhere, or here on another connection. */
  | 'moved'
  /** Nobody could be asked for too long whether the session lives: its client must not go on believing so. */
  | 'silent'
  /** A write waited too long for a leader: whether it is done is not known. */
  | 'parked'
  /** The state of this member was replaced: what was watched may have changed unseen. */
  | 'reset'
  /** It could only be read from here, and the group is back: its client comes back to write. */
  | 'writable';

/** The connection of a session, as far as the session has to tell it something. */
export interface ClientLink {
  /** Must be sent before any answer that is given later. */
  readonly event: (event: WatchEvent, path: string, revision: number) => void;
  /** Nothing more is answered. */
  readonly ended: (cause: EndCause) => void;
}

/** Who connects. */
export interface Arrival {
  readonly timeoutMs: number;
  readonly identities: readonly Identity[];
  readonly link: ClientLink;
}

/** What proves that a session is the client's own. */
export interface SessionKey {
  readonly session: SessionId;
  readonly password: Uint8Array;
}
