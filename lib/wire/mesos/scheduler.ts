// Types of protos/mesos/v1/scheduler/scheduler.proto.
import type {
  AgentID,
  ExecutorID,
  FrameworkID,
  OfferID,
  OperationID,
  Request,
  ResourceProviderID,
  TaskID,
} from './base.js';
import type {
  Filters,
  FrameworkInfo,
  InverseOffer,
  MasterInfo,
  Offer,
  OfferOperation,
  OperationStatus,
} from './cluster.js';
import type { KillPolicy, TaskStatus } from './tasks.js';

/**
 * A call of a framework. `type` says which field beside it is set; the codec has checked that it is there.
 * UNKNOWN stands for a type that this release does not know.
 */
export type Call = { readonly framework_id?: FrameworkID } & (
  | { readonly type: 'UNKNOWN' }
  | { readonly type: 'SUBSCRIBE'; readonly subscribe: CallSubscribe }
  | { readonly type: 'TEARDOWN' }
  | { readonly type: 'ACCEPT'; readonly accept: CallAccept }
  | { readonly type: 'DECLINE'; readonly decline: CallDecline }
  | { readonly type: 'REVIVE'; readonly revive?: CallRoles }
  | { readonly type: 'SUPPRESS'; readonly suppress?: CallRoles }
  | { readonly type: 'KILL'; readonly kill: CallKill }
  | { readonly type: 'SHUTDOWN'; readonly shutdown: CallShutdown }
  | { readonly type: 'ACKNOWLEDGE'; readonly acknowledge: CallAcknowledge }
  | { readonly type: 'RECONCILE'; readonly reconcile: CallReconcile }
  | { readonly type: 'MESSAGE'; readonly message: CallMessage }
  | { readonly type: 'REQUEST'; readonly request: CallRequest }
  | { readonly type: 'ACCEPT_INVERSE_OFFERS'; readonly accept_inverse_offers: CallInverseOffers }
  | { readonly type: 'DECLINE_INVERSE_OFFERS'; readonly decline_inverse_offers: CallInverseOffers }
  | {
      readonly type: 'ACKNOWLEDGE_OPERATION_STATUS';
      readonly acknowledge_operation_status: CallAcknowledgeOperationStatus;
    }
  | { readonly type: 'RECONCILE_OPERATIONS'; readonly reconcile_operations: CallReconcileOperations }
  | { readonly type: 'UPDATE_FRAMEWORK'; readonly update_framework: CallSubscribe }
);

export type CallType = Call['type'];

export interface CallSubscribe {
  readonly framework_info: FrameworkInfo;
  readonly suppressed_roles?: readonly string[];
  readonly offer_constraints?: OfferConstraints;
}

export interface CallAccept {
  readonly offer_ids?: readonly OfferID[];
  readonly operations?: readonly OfferOperation[];
  readonly filters?: Filters;
}

export interface CallKill {
  readonly task_id: TaskID;
  readonly agent_id?: AgentID;
  readonly kill_policy?: KillPolicy;
}

export interface CallAcknowledge {
  readonly agent_id: AgentID;
  readonly task_id: TaskID;
  readonly uuid: Uint8Array;
}

export interface CallAcknowledgeOperationStatus {
  readonly agent_id?: AgentID;
  readonly resource_provider_id?: ResourceProviderID;
  readonly uuid: Uint8Array;
  readonly operation_id: OperationID;
}

export interface CallReconcileOperations {
  readonly operations?: readonly CallReconcileOperationsOperation[];
}

export interface CallReconcileOperationsOperation {
  readonly operation_id: OperationID;
  readonly agent_id?: AgentID;
  readonly resource_provider_id?: ResourceProviderID;
}

export interface CallMessage {
  readonly agent_id: AgentID;
  readonly executor_id: ExecutorID;
  readonly data: Uint8Array;
}

export interface CallDecline {
  readonly offer_ids?: readonly OfferID[];
  readonly filters?: Filters;
}

/** No role: all roles of the framework. */
export interface CallRoles {
  readonly roles?: readonly string[];
}

export interface CallShutdown {
  readonly executor_id: ExecutorID;
  readonly agent_id: AgentID;
}

/** No task: every task of the framework that is not in a final state. */
export interface CallReconcile {
  readonly tasks?: readonly { readonly task_id: TaskID; readonly agent_id?: AgentID }[];
}

export interface CallRequest {
  readonly requests?: readonly Request[];
}

export interface CallInverseOffers {
  readonly inverse_offer_ids?: readonly OfferID[];
  readonly filters?: Filters;
}

/** What a framework is told. `type` says which field beside it is set. */
export type Event =
  | { readonly type: 'UNKNOWN' }
  | { readonly type: 'SUBSCRIBED'; readonly subscribed: EventSubscribed }
  | { readonly type: 'OFFERS'; readonly offers: { readonly offers?: readonly Offer[] } }
  | { readonly type: 'RESCIND'; readonly rescind: { readonly offer_id: OfferID } }
  | { readonly type: 'UPDATE'; readonly update: { readonly status: TaskStatus } }
  | { readonly type: 'MESSAGE'; readonly message: EventMessage }
  | { readonly type: 'FAILURE'; readonly failure: EventFailure }
  | { readonly type: 'ERROR'; readonly error: { readonly message: string } }
  | { readonly type: 'HEARTBEAT' }
  | {
      readonly type: 'INVERSE_OFFERS';
      readonly inverse_offers: { readonly inverse_offers?: readonly InverseOffer[] };
    }
  | {
      readonly type: 'RESCIND_INVERSE_OFFER';
      readonly rescind_inverse_offer: { readonly inverse_offer_id: OfferID };
    }
  | {
      readonly type: 'UPDATE_OPERATION_STATUS';
      readonly update_operation_status: { readonly status: OperationStatus };
    };

export type EventType = Event['type'];

export interface EventSubscribed {
  readonly framework_id: FrameworkID;
  readonly heartbeat_interval_seconds?: number;
  readonly master_info?: MasterInfo;
}

export interface EventMessage {
  readonly agent_id: AgentID;
  readonly executor_id: ExecutorID;
  readonly data: Uint8Array;
}

export interface EventFailure {
  readonly agent_id?: AgentID;
  readonly executor_id?: ExecutorID;
  readonly status?: number;
}

export interface OfferConstraints {
  readonly role_constraints?: Readonly<Record<string, RoleConstraints>>;
}

export interface RoleConstraints {
  readonly groups?: readonly ConstraintGroup[];
}

export interface ConstraintGroup {
  readonly attribute_constraints?: readonly AttributeConstraint[];
}

export interface AttributeConstraint {
  readonly selector: {
    readonly pseudoattribute_type?: 'UNKNOWN' | 'HOSTNAME' | 'REGION' | 'ZONE';
    readonly attribute_name?: string;
  };
  readonly predicate: AttributeConstraintPredicate;
}

export interface AttributeConstraintPredicate {
  readonly exists?: object;
  readonly not_exists?: object;
  readonly text_equals?: { readonly value: string };
  readonly text_not_equals?: { readonly value: string };
  readonly text_matches?: { readonly regex: string };
  readonly text_not_matches?: { readonly regex: string };
}
