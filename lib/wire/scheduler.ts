import type { SessionId } from '../base/index.js';
import { messageCodec, type MessageCodec } from './codec.js';
import { refusal, type Refusal } from './common.js';
import { CLIENT_MESSAGE_LIMIT_BYTES } from './limits.js';
import { call, event } from './mesos-codecs.js';
import type { Call, Event } from './mesos/scheduler.js';
import { lazyService, type Bidi, type Service, type Unary } from './methods.js';
import { branded, nested, struct, uint64, union, type Codec } from './struct.js';

export interface SchedulerRequest {
  readonly session: SessionId;
  /** 1, 2, 3, … within the session. */
  readonly sequence: number;
  readonly call: Call;
  readonly acknowledgedBelow: number;
}

export type SchedulerReply =
  | {
      readonly kind: 'accepted';
      readonly sequence: number;
      /** Revision at which the call took effect; 0 when it changes nothing that is replicated. */
      readonly index: number;
    }
  | { readonly kind: 'refused'; readonly sequence: number; readonly refusal: Refusal }
  | { readonly kind: 'event'; readonly index: number; readonly event: Event };

export interface SchedulerMethods {
  readonly connect: Bidi<SchedulerRequest, SchedulerReply>;
  readonly call: Unary<SchedulerRequest, SchedulerReply>;
}

const request: Codec<SchedulerRequest> = struct<SchedulerRequest>({
  session: branded(),
  sequence: uint64,
  call: nested(call),
  acknowledgedBelow: uint64,
});

const reply: Codec<SchedulerReply> = union<SchedulerReply>('reply', {
  accepted: nested(struct({ sequence: uint64, index: uint64 })),
  refused: nested(struct({ sequence: uint64, refusal: nested(refusal) })),
  event: nested(struct({ index: uint64, event: nested(event) })),
});

function message<T>(name: string, codec: Codec<T>): MessageCodec<T> {
  return messageCodec('scheduler', `tepui.v1.${name}`, codec, CLIENT_MESSAGE_LIMIT_BYTES);
}

const requestMessage = message('SchedulerRequest', request);
const replyMessage = message('SchedulerReply', reply);

export const schedulerService: () => Service<SchedulerMethods> = lazyService<SchedulerMethods>(
  'scheduler',
  'tepui.v1.Scheduler',
  {
    connect: { shape: 'bidi', request: requestMessage, response: replyMessage },
    call: { shape: 'unary', request: requestMessage, response: replyMessage },
  },
);
