/** For the rooms above and for tests: the parts that the SDK is made of. */
export { checkAddresses, systemPorts, type Ports } from './connection.js';
export { Deferred } from './deferred.js';
export type { Dial, Door, DoorStream, StreamHandlers } from './door.js';
export { Endpoints } from './endpoints.js';
export type { StreamTypes, UnaryTypes } from './messages.js';
export { duration } from './refusals.js';
export { SYSTEM, type World } from './system.js';
