// The vocabulary of Mesos v1: every name of these files is public.
export type * from './base.js';
export type * from './cluster.js';
export type * from './containers.js';
export type * from './scheduler.js';
export type * from './tasks.js';
