import { hex } from './format.js';
import type { WordSource } from './types.js';

/**
 * Sessions of the whole group with their timeouts, as a follower of ZooKeeper shows them, also on the leader; owners of
 * ephemeral nodes; and the connections of this member.
 */
export function dump(source: WordSource): string {
  const { coordination } = source.replica.machine;
  const sessions = coordination.sessions();
  const all = sessions.map((id) => `${hex(id)}\t${coordination.get(id)?.timeoutMs ?? 0}ms\n`);
  const owners = sessions
    .map((id) => ({ id, paths: coordination.ephemerals(id) }))
    .filter(({ paths }) => paths.length > 0);
  const owned = owners.map(({ id, paths }) => `${hex(id)}:\n${paths.map((path) => `\t${path}\n`).join('')}`);
  const connections = source.connections();
  const here = connections.map(
    ({ remote, session }) => `\tip: /${remote} sessionId: ${hex(session ?? '0')}\n`,
  );
  return [
    `SessionTracker dump:\nGlobal Sessions(${sessions.length}):\n`,
    ...all,
    `ephemeral nodes dump:\nSessions with Ephemerals (${owners.length}):\n`,
    ...owned,
    `Connections dump:\nConnections (${connections.length}):\n`,
    ...here,
  ].join('');
}
