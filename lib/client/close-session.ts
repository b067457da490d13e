import type { SessionId } from '../base/index.js';
import type { Endpoints } from './endpoints.js';

/** A goodbye is worth this long; the group forgets the session by itself later. */
const GOODBYE_MS = 500;

/** Ends a session at the group if a member is at hand, then closes all connections. Never rejects. */
export async function closeSession(endpoints: Endpoints, session: SessionId | null): Promise<void> {
  try {
    const door = endpoints.servingDoor();
    if (session !== null && door !== null) await door.call('closeSession', { session }, GOODBYE_MS);
  } catch {
    // The session expires unused.
  } finally {
    endpoints.close();
  }
}
