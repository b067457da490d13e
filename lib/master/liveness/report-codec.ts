import { ByteReader, ByteWriter } from '../../base/index.js';
import type { LivenessReport } from './types.js';

/** Body of a report between members: three lists of ids. */
export function encodeReport(report: LivenessReport): Uint8Array {
  const writer = new ByteWriter(1024);
  for (const ids of [report.agents, report.frameworks, report.sessions]) {
    writer.uint(ids.length);
    for (const id of ids) writer.text(id);
  }
  return writer.finish();
}

/** Throws `MalformedError`. */
export function decodeReport(body: Uint8Array): LivenessReport {
  const reader = new ByteReader(body);
  const report = { agents: ids(reader), frameworks: ids(reader), sessions: ids(reader) };
  reader.expectEnd('liveness report');
  return report as unknown as LivenessReport;
}

function ids(reader: ByteReader): string[] {
  const list: string[] = [];
  for (let left = reader.uint(); left > 0; left--) list.push(reader.text());
  return list;
}
