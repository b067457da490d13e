import { TepuiError, type TimerHandle } from '../../base/index.js';
import { OP, type JuteReader, type Request } from '../../wire/zookeeper/index.js';
import { outcomeUnknown } from './errors.js';

/** What may be sent again by itself: it changes nothing, or nothing twice. */
const HARMLESS: ReadonlySet<Request['op']> = new Set<Request['op']>([
  OP.exists,
  OP.getData,
  OP.getAcl,
  OP.getChildren2,
  OP.sync,
  OP.addWatch,
  OP.whoAmI,
  OP.auth,
  OP.setWatches2,
]);

/** Takes the answer: the error, or the number in its header and what follows. */
export type Settle = (error: TepuiError | null, err: number, body: JuteReader | null) => void;

/** A request until it is answered. `what` names it for people: "set /a". */
export class Pending {
  readonly request: Request;
  readonly what: string;
  /** The number of its answer on the current connection; null: not sent there. */
  xid: number | null = null;
  private settle: Settle | null;
  private timer: TimerHandle | null = null;

  constructor(request: Request, what: string, settle: Settle) {
    this.request = request;
    this.what = what;
    this.settle = settle;
  }

  get harmless(): boolean {
    return HARMLESS.has(this.request.op);
  }

  get settled(): boolean {
    return this.settle === null;
  }

  /** Cancelled when it is answered. */
  endsWith(timer: TimerHandle): void {
    this.timer = timer;
  }

  answered(err: number, body: JuteReader): void {
    this.finish((settle) => settle(null, err, body));
  }

  /** `cause` says that it never left, or what became of the connection on which it did. */
  failed(cause: TepuiError): void {
    const sent = this.xid !== null && !this.harmless;
    const error = sent ? outcomeUnknown(this.what, cause) : cause;
    this.finish((settle) => settle(error, 0, null));
  }

  private finish(tell: (settle: Settle) => void): void {
    const { settle } = this;
    if (settle === null) return;
    this.settle = null;
    this.timer?.cancel();
    tell(settle);
  }
}
