export { AttachedSession } from './attached-session.js';
export { SessionHub, type Arrived, type SessionHubOptions } from './session-hub.js';
export type { Arrival, ClientLink, EndCause, SessionKey } from './types.js';
