import {
  type AgentId,
  ByteReader,
  ByteWriter,
  type FrameworkId,
  isErrorCode,
  newerFormat,
  type SessionId,
  TepuiError,
} from '../base/index.js';
import type { CommandResult, ResultValue } from './results.js';
import type { NodeStat } from './tree/types.js';

/** Results as sessions keep them. Numbers are never reused. */
const REFUSED = 0;
const NOTHING = 1;
const EFFECT = 2;
const NODE = 3;
const AGENT = 4;
const FRAMEWORK = 5;
const SWEPT = 6;
/** A node that belongs to a session. */
const OWNED_NODE = 7;

export function writeResult(w: ByteWriter, result: CommandResult): void {
  if (result.ok) {
    writeValue(w, result.value, result.revision);
    return;
  }
  w.u8(REFUSED).uint(result.revision).text(result.code).text(result.message);
}

function writeValue(w: ByteWriter, value: ResultValue, revision: number): void {
  switch (value.kind) {
    case 'nothing':
      w.u8(NOTHING).uint(revision);
      break;
    case 'effect':
      w.u8(EFFECT).uint(revision).bool(value.changed);
      break;
    case 'node':
      w.u8(value.stat.ephemeralOwner === null ? NODE : OWNED_NODE).uint(revision);
      writeStat(w, value.stat);
      break;
    case 'created':
    case 'multi':
    case 'attached':
      throw new TepuiError('INTERNAL', `a session keeps no result of kind ${value.kind}`);
    case 'agent':
      w.u8(AGENT).uint(revision).text(value.agentId).uint(value.attachment);
      break;
    case 'framework':
      w.u8(FRAMEWORK).uint(revision).text(value.frameworkId).uint(value.subscription);
      break;
    case 'swept':
      w.u8(SWEPT).uint(revision).uint(value.touched).uint(value.remaining);
      break;
  }
}

function writeStat(w: ByteWriter, stat: NodeStat): void {
  w.uint(stat.czxid).uint(stat.mzxid).uint(stat.pzxid).uint(stat.ctimeMs).uint(stat.mtimeMs);
  // Counters are signed 32-bit numbers and wrap; the place of the owner is 0 for a node that has none.
  w.uint(stat.version >>> 0)
    .uint(stat.cversion >>> 0)
    .uint(stat.aversion >>> 0);
  if (stat.ephemeralOwner === null) w.uint(0);
  else w.text(stat.ephemeralOwner);
  w.uint(stat.dataLength).uint(stat.numChildren);
}

export function decodeResult(bytes: Uint8Array): CommandResult {
  const r = new ByteReader(bytes);
  const kind = r.u8();
  const revision = r.uint();
  const result: CommandResult =
    kind === REFUSED ? readRefusal(r, revision) : { ok: true, revision, value: readValue(r, kind) };
  r.expectEnd('result');
  return result;
}

function readRefusal(r: ByteReader, revision: number): CommandResult {
  const code = r.text();
  if (!isErrorCode(code)) throw new TepuiError('NEWER_FORMAT', `a result has the unknown code ${code}`);
  return { ok: false, revision, code, message: r.text() };
}

function readValue(r: ByteReader, kind: number): ResultValue {
  switch (kind) {
    case NOTHING:
      return { kind: 'nothing' };
    case EFFECT:
      return { kind: 'effect', changed: r.bool() };
    case NODE:
    case OWNED_NODE:
      return { kind: 'node', stat: readStat(r, kind === OWNED_NODE) };
    case AGENT:
      return { kind: 'agent', agentId: r.text() as AgentId, attachment: r.uint() };
    case FRAMEWORK:
      return { kind: 'framework', frameworkId: r.text() as FrameworkId, subscription: r.uint() };
    case SWEPT:
      return { kind: 'swept', touched: r.uint(), remaining: r.uint() };
    default:
      throw newerFormat('a result', kind, OWNED_NODE);
  }
}

function readOwner(r: ByteReader, owned: boolean): SessionId | null {
  if (owned) return r.text() as SessionId;
  r.uint();
  return null;
}

function readStat(r: ByteReader, owned: boolean): NodeStat {
  return {
    czxid: r.uint(),
    mzxid: r.uint(),
    pzxid: r.uint(),
    ctimeMs: r.uint(),
    mtimeMs: r.uint(),
    version: r.uint() | 0,
    cversion: r.uint() | 0,
    aversion: r.uint() | 0,
    ephemeralOwner: readOwner(r, owned),
    dataLength: r.uint(),
    numChildren: r.uint(),
  };
}
