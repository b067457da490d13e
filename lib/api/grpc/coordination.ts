import { TepuiError } from '../../base/index.js';
import type { Answer, CoordinationService, Node, Refused, Written } from '../../coordination/index.js';
import type { NodeStat, TreeCommand } from '../../state/index.js';
import {
  asTepuiError,
  type CoordinationMethods,
  type Handlers,
  type ReadReply,
  type ReadRequest,
  type ServerStream,
  type Stat,
  type TreeOperation,
  type WriteReply,
  type WriteRequest,
} from '../../wire/index.js';
import { Backlog } from './backlog.js';

/** Requests of one stream that may wait for their answer at once; beyond it the stream is not read. */
const IN_FLIGHT = 1024;

/** The Coordination service of this member on its gRPC door. */
export function coordinationHandlers(service: CoordinationService): Handlers<CoordinationMethods> {
  return {
    openSession: ({ timeoutMs }) => settle((done) => service.openSession(timeoutMs, done)),
    closeSession: ({ session }) => settle((done) => service.closeSession(session, done)),
    write: (stream) => serveWrites(service, stream),
    read: (stream) => serveReads(service, stream),
  };
}

function serveWrites(service: CoordinationService, stream: ServerStream<WriteRequest, WriteReply>): void {
  const backlog = new Backlog(stream, IN_FLIGHT);
  const sent = () => backlog.sent();
  stream.listen({
    message({ session, sequence, acknowledgedBelow, operation }) {
      const command = commandOf(operation);
      backlog.begin();
      service.write({ session, sequence, acknowledgedBelow, command }, (answer) => {
        backlog.answer(() => stream.writeThen({ sequence, outcome: writeOutcome(answer) }, sent));
      });
    },
    ended: () => backlog.endWhenDone(),
    closed: () => backlog.closed(),
  });
}

function serveReads(service: CoordinationService, stream: ServerStream<ReadRequest, ReadReply>): void {
  const backlog = new Backlog(stream, IN_FLIGHT);
  const sent = () => backlog.sent();
  const refuse = (id: number, refused: Refused): number =>
    stream.writeThen({ id, index: 0, outcome: refusal(refused) }, sent);
  const write = (id: number, answer: Answer<Node>): number => {
    if (answer.kind === 'refused') return refuse(id, answer);
    const { index, data, stat, children } = answer.value;
    const outcome = { kind: 'node', data, stat: statOnWire(stat), children } as const;
    try {
      return stream.writeThen({ id, index, outcome }, sent);
    } catch (error) {
      // A list of children may be longer than a message can be.
      const { code, message } = asTepuiError(error);
      return refuse(id, { kind: 'refused', code, message, unknown: false });
    }
  };
  stream.listen({
    message({ id, path, consistency, children }) {
      backlog.begin();
      service.confirm(consistency === 'LOCAL', (refused) => {
        backlog.answer(() => write(id, refused ?? service.look(path, children)));
      });
    },
    ended: () => backlog.endWhenDone(),
    closed: () => backlog.closed(),
  });
}

function commandOf(operation: TreeOperation): TreeCommand {
  switch (operation.kind) {
    case 'create':
      return { kind: 'tree-create', path: operation.path, data: operation.data };
    case 'set': {
      const { path, data, expectedVersion } = operation;
      return { kind: 'tree-set', path, data, expectedVersion };
    }
    case 'delete':
      return { kind: 'tree-delete', path: operation.path, expectedVersion: operation.expectedVersion };
  }
}

function refusal({ code, message, unknown }: Refused) {
  return { kind: 'refused', code, message, outcomeUnknown: unknown } as const;
}

function writeOutcome(answer: Answer<Written>): WriteReply['outcome'] {
  if (answer.kind === 'refused') return refusal(answer);
  const { index, term, stat } = answer.value;
  return { kind: 'done', index, term, stat: statOnWire(stat) };
}

function statOnWire(stat: NodeStat): Stat {
  const { czxid, mzxid, pzxid, ctimeMs, mtimeMs, version, cversion, dataLength, numChildren } = stat;
  return { czxid, mzxid, pzxid, ctimeMs, mtimeMs, version, cversion, dataLength, numChildren };
}

/** A unary call: the answer, or the refusal as an error. */
function settle<T>(call: (done: (answer: Answer<T>) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((answer) => {
      if (answer.kind === 'done') resolve(answer.value);
      else reject(new TepuiError(answer.code, answer.message));
    });
  });
}
