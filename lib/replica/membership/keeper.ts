import { memberOf, type ErrorCode, type Logger, type MemberId, type NodeId } from '../../base/index.js';
import { membersOf, type Configuration, type ProposeResult, type RaftStatus } from '../../raft/index.js';
import type { Machine, PlainCommand } from '../../state/index.js';
import type { CallReply, Outcome } from '../types.js';
import { judgeApplicant, welcomed, type Verdict } from './admission.js';
import {
  encodeJson,
  judgeChange,
  type ChangeCall,
  type ChangeVerdict,
  type Concerning,
  type MemberChange,
  type MemberChangeAnswer,
} from './changes.js';
import { FormerFolders } from './former.js';
import { FreshAnswers, type Answered } from './fresh-answers.js';
import { encodeAddresses, type Applicant } from './methods.js';
import { PendingChange } from './pending-change.js';
import { planStep, type Situation, type Step } from './plan.js';
import { Watch } from './watch.js';

/** How often the leader looks whether its group needs upkeep. */
const LOOK_MS = 100;
/** Who lacks no more than this of the log is as good as level. */
const NEAR_ENTRIES = 1000;

type Reply = (reply: CallReply) => void;

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
  /** Has another voter lead. */
  readonly handOver: () => void;
  /** Calls back with true once a quorum, asked after the call, has confirmed that this member leads. */
  readonly verify: (done: (confirmed: boolean) => void) => void;
  /** Whoever seems to be up has this long to answer before a change of voters. */
  readonly patienceMs: number;
}

/**
 * The leader's care for who is in the group: lets members in, gives renewed folders the place of the ones they replace
 * once they have caught up, makes the changes that operators ask for, and forgets what is left of who went. It
 * remembers nothing that the next leader would need: the configuration and the machine say how far a change has come.
 */
export class Keeper {
  private readonly change: PendingChange;
  private readonly host: KeeperHost;
  private readonly watch = new Watch();
  private readonly fresh: FreshAnswers;
  private readonly former: FormerFolders;
  private leads = false;
  private lookedMs = 0;
  /** A command of upkeep is on its way. */
  private busy = false;

  constructor(host: KeeperHost) {
    this.host = host;
    this.change = new PendingChange(host);
    const { status, nowMs, patienceMs, verify } = host;
    this.fresh = new FreshAnswers({ status, nowMs, patienceMs, beginRound: () => verify(() => {}) });
    this.former = new FormerFolders(host);
  }

  /** Called on each tick of every member. */
  tick(): void {
    if (!this.host.leading()) return this.rest();
    const nowMs = this.host.nowMs();
    this.leads = true;
    this.look();
    this.change.check();
    this.fresh.check();
    if (nowMs - this.lookedMs < LOOK_MS || this.busy || this.change.what !== null) return;
    this.lookedMs = nowMs;
    this.upkeep();
  }

  /** This member leads no more, or stops. */
  rest(): void {
    if (!this.leads) return;
    this.leads = false;
    this.watch.clear();
    this.change.abandon();
    this.fresh.abandon();
  }

  /** A folder that belongs to this group by its own word said hello to this member, whoever leads. */
  heard(node: NodeId): void {
    this.former.heard(node);
  }

  /** Somebody without a place in the group asks for one. */
  admit(applicant: Applicant, reply: Reply): void {
    // What was seen last may be from before this member led.
    this.look();
    this.answer(judgeApplicant(this.situation(), applicant), applicant, reply);
  }

  /** An operator wants something changed. */
  request({ change, tokenHash, ttlMs }: ChangeCall, reply: Reply): void {
    this.look();
    switch (change.kind) {
      case 'add':
        return this.issue(change, tokenHash, ttlMs, reply);
      case 'upkeep': {
        if (change.policy === null) return this.done(reply);
        return this.record({ kind: 'upkeep-set', ...change.policy }, reply, () => this.done(reply));
      }
      default:
        return this.consider(change, reply);
    }
  }

  // ------------------------------------------------------------------------------------------------ what is seen

  private look(): void {
    this.watch.observe(this.host.status(), this.host.nowMs(), NEAR_ENTRIES);
  }

  /** Goes on when those that seem to be up have answered a question put now, or had time to. */
  private askAround(then: (answered: Answered | null) => void): void {
    const { isUp, self, configuration } = this.situation();
    const nodes = membersOf(configuration).filter((node) => node !== self && isUp(node));
    this.fresh.ask(nodes, (answered) => {
      if (answered !== null) this.look();
      then(answered);
    });
  }

  /** `answered`: only those are up. */
  private situation(answered: Answered = () => true): Situation {
    const { watch, host } = this;
    const { membership } = host.machine();
    return {
      self: host.status().id,
      configuration: host.present().configuration,
      isActive: (node) => watch.isActive(node),
      isUp: (node) => watch.isUp(node) && this.isReached(node) && answered(node),
      silentMs: (node) => watch.silentMs(node),
      behind: (node) => watch.behind(node),
      keptUpMs: (node) => watch.keptUpMs(node),
      lossesWithin: (node, ms) => watch.lossesWithin(node, ms),
      answering: host.answering,
      replaces: (node) => emptyAsNull(membership.mark(node)?.replaces ?? ''),
      isHeld: (node) => membership.mark(node)?.held ?? false,
      policy: membership.upkeep,
    };
  }

  // ---------------------------------------------------------------------------------------------------- who comes

  private answer(verdict: Verdict, applicant: Applicant, reply: Reply): void {
    switch (verdict.kind) {
      case 'refused':
        return refuse(reply, verdict.code, verdict.message);
      case 'present':
        if (this.change.what === null) return this.welcome(reply);
        return this.once(`the admission of ${applicant.node}`, reply, () => this.admit(applicant, reply));
      case 'redeem': {
        const { clusterId: _, tokenHash: hash, ...facts } = applicant;
        return this.record({ kind: 'join-token-redeem', hash, ...facts }, reply, () =>
          this.answer(welcomed(this.situation(), applicant), applicant, reply),
        );
      }
      case 'let-in':
        // A group that does not know what a member understands proposes nothing that is newer than the first release.
        if (this.host.machine().cluster.member(applicant.node) === null) {
          const { clusterId: _, tokenHash: __, ...facts } = applicant;
          return this.record({ kind: 'member-info', ...facts }, reply, () =>
            this.answer(judgeApplicant(this.situation(), applicant), applicant, reply),
          );
        }
        return this.configure(verdict.next, verdict.why, reply, () => this.welcome(reply));
    }
  }

  /** A broken stream tells of a lost process an election timeout before consensus does. */
  private isReached(node: NodeId): boolean {
    return node === this.host.status().id || this.host.answering(memberOf(node)) === node;
  }

  private welcome(reply: Reply): void {
    accept(reply, encodeAddresses(this.host.addresses()));
  }

  // -------------------------------------------------------------------------------------------- what is asked for

  private issue(
    { member, replaces }: Extract<MemberChange, { readonly kind: 'add' }>,
    hash: string,
    ttlMs: number,
    reply: Reply,
  ): void {
    const { configuration } = this.host.present();
    const has = (id: MemberId | null): boolean =>
      membersOf(configuration).some((node) => memberOf(node) === id);
    if (has(member)) return refuse(reply, 'INVALID_ARGUMENT', `${member} is in the group already`);
    if (replaces !== null && !configuration.voters.some((node) => memberOf(node) === replaces)) {
      return refuse(reply, 'UNKNOWN_MEMBER', `no voter is called ${replaces}`);
    }
    const command = { kind: 'join-token-issue', hash, ttlMs, member: member ?? '', replaces: replaces ?? '' };
    this.record(command as PlainCommand, reply, () => {
      this.done(reply, this.host.machine().membership.token(hash)?.expiresMs ?? 0);
    });
  }

  private consider(change: Concerning, reply: Reply): void {
    this.askAround((answered) => {
      if (answered !== null) return this.carryOut(change, reply, answered);
      refuse(reply, 'TRANSFERRING', 'leadership was lost before the voters had answered');
    });
  }

  /** `noted`: so much of what has to be noted before is; by now the change may be another matter. */
  private carryOut(change: Concerning, reply: Reply, answered: Answered, noted = 0): void {
    const verdict = judgeChange(this.situation(answered), change);
    if (this.change.what !== null && isAboutWho(verdict)) {
      return this.once(`the ${change.kind}`, reply, () => this.consider(change, reply));
    }
    switch (verdict.kind) {
      case 'refused': {
        const early = verdict.code === 'BAD_VERSION' && this.change.what !== null;
        return refuse(reply, early ? 'CHANGE_PENDING' : verdict.code, verdict.message);
      }
      case 'nothing':
        return this.done(reply);
      case 'hand-over':
        this.host.logger.info({}, `membership: another voter leads first, for the ${verdict.why}`);
        this.host.handOver();
        return refuse(reply, 'TRANSFERRING', `another voter has to lead before the ${verdict.why}`);
      case 'configure': {
        const { next, what, marks } = verdict;
        const mark = marks[noted];
        if (mark === undefined) return this.configure(next, what, reply, () => this.done(reply));
        return this.record({ kind: 'member-mark', ...mark }, reply, () => {
          this.look();
          this.carryOut(change, reply, answered, noted + 1);
        });
      }
    }
  }

  private done(reply: Reply, tokenExpiresMs: number = 0): void {
    const { voters, learners } = this.host.present().configuration;
    const { revision, membership } = this.host.machine();
    const answer: MemberChangeAnswer = {
      voters: voters.map(memberOf),
      learners: learners.map(memberOf),
      upkeep: membership.upkeep,
      revision,
      token: null,
      tokenExpiresMs,
    };
    accept(reply, encodeJson(answer));
  }

  // ------------------------------------------------------------------------------------------- what is done by itself

  private upkeep(): void {
    const step = planStep(this.situation());
    if (step === null) return this.former.tick();
    if (step.kind === 'hand-over') return this.host.handOver();
    this.busy = true;
    this.askAround((answered) => {
      this.busy = false;
      const sure = answered === null ? null : planStep(this.situation(answered));
      if (sure?.kind === 'configure') this.take(sure);
    });
  }

  private take({ next, why, hold }: Extract<Step, { readonly kind: 'configure' }>): void {
    const ended: Reply = (reply) => {
      if (!reply.ok) this.host.logger.warn({ reply }, `membership: ${why}: not done`);
    };
    // Once it is noted the next look decides anew.
    if (hold !== null && !this.situation().isHeld(hold)) {
      return this.record({ kind: 'member-mark', node: hold, held: true, replaces: '' }, ended, () => {});
    }
    this.configure(next, why, ended, () => {});
  }

  // ------------------------------------------------------------------------------------------------------- how it is done

  private configure(next: Configuration, what: string, reply: Reply, then: () => void): void {
    this.host.logger.info({ next }, `membership: ${what}`);
    const remain = membersOf(next);
    const leaving = membersOf(this.host.present().configuration).filter((node) => !remain.includes(node));
    this.change.begin(next, what, (refusal) => {
      if (refusal === null) this.former.left(leaving, then);
      else reply({ ok: false, ...refusal });
    });
  }

  /** Goes on when no change is under way. */
  private once(what: string, reply: Reply, then: () => void): void {
    this.change.settled(what, (refusal) => {
      if (refusal === null) then();
      else reply({ ok: false, ...refusal });
    });
  }

  /** Has the machine take `command`, then goes on. */
  private record(command: PlainCommand, reply: Reply, then: () => void): void {
    this.busy = true;
    this.host.command(command, (outcome) => {
      this.busy = false;
      if (outcome.kind === 'unknown') {
        reply({ ok: false, code: 'OUTCOME_UNKNOWN', message: outcome.message, unknown: true });
      } else if (outcome.kind === 'refused') refuse(reply, outcome.code, outcome.message);
      else if (!outcome.result.ok) refuse(reply, outcome.result.code, outcome.result.message);
      else then();
    });
  }
}

/** What tells who is in the group, and not how it fares: true for good only when no change is under way. */
function isAboutWho(verdict: ChangeVerdict): boolean {
  if (verdict.kind !== 'refused') return verdict.kind === 'nothing';
  return verdict.code === 'UNKNOWN_MEMBER' || verdict.code === 'INVALID_ARGUMENT';
}

/** Whoever asked may be out of the group by now: it need not have applied anything to hear the answer. */
function accept(reply: Reply, body: Uint8Array): void {
  reply({ ok: true, revision: 0, body });
}

function refuse(reply: Reply, code: ErrorCode, message: string): void {
  reply({ ok: false, code, message, unknown: false });
}

function emptyAsNull(text: MemberId | ''): MemberId | null {
  return text === '' ? null : text;
}
