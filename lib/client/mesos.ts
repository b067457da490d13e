import type { mesos } from '../wire/index.js';

/** The Mesos v1 vocabulary that frameworks meet, as in `protos/mesos/v1`. */
export type Attribute = mesos.Attribute;
export type Call = mesos.Call;
export type CommandInfo = mesos.CommandInfo;
export type Event = mesos.Event;
export type EventFailure = mesos.EventFailure;
export type EventMessage = mesos.EventMessage;
export type Filters = mesos.Filters;
export type FrameworkInfo = mesos.FrameworkInfo;
export type Labels = mesos.Labels;
export type Offer = mesos.Offer;
export type Resource = mesos.Resource;
export type TaskInfo = mesos.TaskInfo;
export type TaskState = mesos.TaskState;
export type TaskStatus = mesos.TaskStatus;
