import type { WordSource } from '../../zookeeper/words/index.js';
import type { Answer } from './commands.js';
import { sessionNumber } from './connections.js';
import type { Json } from './jackson.js';

/** Deadlines of sessions are the leader's own matter: nobody lists them. */
export function dump({ replica }: WordSource): Answer {
  const { coordination } = replica.machine;
  const owners: Record<string, Json> = {};
  for (const session of coordination.sessions()) {
    const paths = coordination.ephemerals(session);
    if (paths.length > 0) owners[sessionNumber(session).toString()] = paths;
  }
  return { expiry_time_to_session_ids: {}, session_id_to_ephemeral_paths: owners };
}

export function watchSummary({ hub: { watches } }: WordSource): Answer {
  return { num_connections: watches.watchers, num_paths: watches.paths, num_total_watches: watches.size };
}

export function watches({ hub }: WordSource): Answer {
  const bySession: Record<string, Json> = {};
  for (const { session, watcher } of hub.sessions()) {
    const paths = Array.from(hub.watches.pathsOf(watcher));
    if (paths.length > 0) bySession[sessionNumber(session).toString()] = paths;
  }
  return { session_id_to_watched_paths: bySession };
}

export function watchesByPath({ hub }: WordSource): Answer {
  const sessions = new Map(Array.from(hub.sessions(), ({ watcher, session }) => [watcher, session]));
  const byPath: Record<string, Json> = {};
  hub.watches.forEachPath((path, watchers) => {
    byPath[path] = Array.from(watchers, (watcher) => sessionNumber(sessions.get(watcher) ?? null));
  });
  return { path_to_session_ids: byPath };
}
