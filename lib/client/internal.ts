/** For lib/agent, lib/cli and tests: the parts that the SDK is made of. */
export { checkAddresses, systemPorts, type Ports } from './connection.js';
export type { Dial, Door, DoorStream, StreamHandlers } from './door.js';
export { Deferred } from './deferred.js';
export { Endpoints } from './endpoints.js';
export { Link, type LinkHandlers } from './link.js';
export type { StreamTypes, UnaryTypes } from './messages.js';
export { duration, isRepeatable, memberAnswered } from './refusals.js';
export { Session, type CallNumber, type Send, type SessionOptions } from './session.js';
export { SYSTEM, type World } from './system.js';
