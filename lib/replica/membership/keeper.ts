import { memberOf, type Logger, type MemberId, type NodeId } from '../../base/index.js';
import {
  isJoint,
  membersOf,
  type Configuration,
  type ProposeResult,
  type RaftStatus,
} from '../../raft/index.js';
import type { Machine, PlainCommand } from '../../state/index.js';
import type { CallReply, Outcome } from '../types.js';
import { judgeApplicant } from './admission.js';
import { encodeAddresses, type Applicant } from './methods.js';
import { PendingChange, type ChangeDone } from './pending-change.js';
import { planStep, type Situation, type UpkeepPolicy } from './plan.js';
import { Watch } from './watch.js';

/** How often the leader looks whether its group needs upkeep. */
const LOOK_MS = 100;
/** A learner that lacks no more than this of the log is as good as level. */
const NEAR_ENTRIES = 1000;

export interface KeeperHost {
  readonly logger: Logger;
  readonly nowMs: () => number;
  /** This member leads, and its machine is complete. */
  readonly leading: () => boolean;
  readonly status: () => RaftStatus;
  readonly present: () => { readonly configuration: Configuration; readonly committed: boolean };
  readonly propose: (next: Configuration) => ProposeResult;
  /** The folder with which a member's process answers; null: it is not reached. */
  readonly answering: (member: MemberId) => NodeId | null;
  readonly addresses: () => ReadonlyMap<MemberId, string>;
  readonly machine: () => Machine;
  readonly command: (command: PlainCommand, done: (outcome: Outcome) => void) => void;
  readonly policy: UpkeepPolicy;
}

/**
 * The leader's care for who is in the group: lets renewed folders of its members in, gives them the place of the ones
 * they replace once they have caught up, and forgets what is left of those. It remembers nothing that the next leader
 * would need: the configuration itself says how far a change has come.
 */
export class Keeper {
  readonly change: PendingChange;
  private readonly host: KeeperHost;
  private readonly watch = new Watch();
  private leads = false;
  private lookedMs = 0;
  private forgetting = false;

  constructor(host: KeeperHost) {
    this.host = host;
    this.change = new PendingChange(host);
  }

  /** Called on each tick of every member. */
  tick(): void {
    if (!this.host.leading()) return this.rest();
    const nowMs = this.host.nowMs();
    this.leads = true;
    this.look();
    this.change.check();
    if (nowMs - this.lookedMs < LOOK_MS || this.change.what !== null) return;
    this.lookedMs = nowMs;
    this.upkeep();
  }

  /** This member leads no more, or stops. */
  rest(): void {
    if (!this.leads) return;
    this.leads = false;
    this.watch.clear();
    this.change.abandon();
  }

  /** Somebody without a place in the group asks for one. */
  admit(applicant: Applicant, reply: (reply: CallReply) => void): void {
    // What was seen last may be from before this member led.
    this.look();
    const verdict = judgeApplicant(this.situation(), applicant);
    switch (verdict.kind) {
      case 'refused':
        return reply({ ok: false, code: verdict.code, message: verdict.message, unknown: false });
      case 'present':
        return this.welcome(reply);
      case 'let-in':
        this.host.logger.info({ applicant }, verdict.why);
        return this.change.begin(verdict.next, verdict.why, (refusal) => {
          if (refusal === null) this.welcome(reply);
          else reply({ ok: false, ...refusal });
        });
    }
  }

  situation(): Situation {
    const { watch, host } = this;
    return {
      self: host.status().id,
      configuration: host.present().configuration,
      isActive: (node) => watch.isActive(node),
      isUp: (node) => watch.isUp(node),
      silentMs: (node) => watch.silentMs(node),
      keptUpMs: (node) => watch.keptUpMs(node),
      lossesWithin: (node, ms) => watch.lossesWithin(node, ms),
      answering: host.answering,
      replaces: () => null,
      isHeld: () => false,
      policy: host.policy,
    };
  }

  private welcome(reply: (reply: CallReply) => void): void {
    const { revision } = this.host.machine();
    reply({ ok: true, revision, body: encodeAddresses(this.host.addresses()) });
  }

  private look(): void {
    this.watch.observe(this.host.status(), this.host.nowMs(), NEAR_ENTRIES);
  }

  private upkeep(): void {
    const step = planStep(this.situation());
    if (step === null) return this.forgetFormer();
    this.host.logger.info({ next: step.next }, `membership: ${step.why}`);
    this.change.begin(step.next, step.why, this.ended(step.why));
  }

  private ended(why: string): ChangeDone {
    return (refusal) => {
      if (refusal !== null) this.host.logger.warn({ refusal }, `membership: ${why}: not done`);
    };
  }

  /** Folders that left the configuration leave the record too: nothing of theirs is on its way any more. */
  private forgetFormer(): void {
    const { configuration, committed } = this.host.present();
    if (this.forgetting || !committed || isJoint(configuration)) return;
    const present = membersOf(configuration);
    const former = this.host
      .machine()
      .cluster.members()
      .find(({ node }) => !present.includes(node));
    if (former === undefined) return;
    this.forgetting = true;
    this.host.logger.info({ node: former.node }, `membership: ${memberOf(former.node)} is forgotten`);
    this.host.command({ kind: 'member-forget', node: former.node }, () => {
      this.forgetting = false;
    });
  }
}
