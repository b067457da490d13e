import type { WordSource } from './types.js';
import { hex } from './format.js';

export function wchs({ hub: { watches } }: WordSource): string {
  return `${watches.watchers} connections watching ${watches.paths} paths\nTotal watches:${watches.size}\n`;
}

/** By session. */
export function wchc({ hub }: WordSource): string {
  const parts: string[] = [];
  for (const { session, watcher } of hub.sessions()) {
    const paths = Array.from(hub.watches.pathsOf(watcher), (path) => `\t${path}\n`);
    if (paths.length > 0) parts.push(`${hex(session)}\n`, ...paths);
  }
  return `${parts.join('')}\n`;
}

/** By path. */
export function wchp({ hub }: WordSource): string {
  const sessions = new Map(Array.from(hub.sessions(), ({ watcher, session }) => [watcher, session]));
  const parts: string[] = [];
  hub.watches.forEachPath((path, watchers) => {
    parts.push(`${path}\n`);
    for (const watcher of watchers) parts.push(`\t${hex(sessions.get(watcher) ?? '0')}\n`);
  });
  return `${parts.join('')}\n`;
}
