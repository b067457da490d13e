import { OP } from '../../wire/zookeeper/index.js';

/** Names of requests as ZooKeeper's FinalRequestProcessor gives them; 0 is the greeting. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'SESS'],
  [OP.create, 'CREA'],
  [OP.create2, 'CREA'],
  [OP.createContainer, 'CREA'],
  [OP.createTtl, 'CREA'],
  [OP.delete, 'DELE'],
  [OP.exists, 'EXIS'],
  [OP.getData, 'GETD'],
  [OP.setData, 'SETD'],
  [OP.getAcl, 'GETA'],
  [OP.setAcl, 'SETA'],
  [OP.getChildren, 'GETC'],
  [OP.getChildren2, 'GETC'],
  [OP.getAllChildrenNumber, 'GETACN'],
  [OP.sync, 'SYNC'],
  [OP.ping, 'PING'],
  [OP.check, 'CHEC'],
  [OP.multi, 'MULT'],
  [OP.multiRead, 'MLTR'],
  [OP.reconfig, 'RECO'],
  [OP.checkWatches, 'CHKW'],
  [OP.removeWatches, 'REMW'],
  [OP.setWatches, 'SETW'],
  [OP.setWatches2, 'STW2'],
  [OP.addWatch, 'ADDW'],
  [OP.getEphemerals, 'GETE'],
  [OP.whoAmI, 'HOMI'],
  [OP.closeSession, 'CLOS'],
]);

export function nameOfOp(op: number | null): string {
  return (op === null ? undefined : NAMES.get(op)) ?? 'NA';
}
