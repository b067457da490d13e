import { ByteReader, ByteWriter, MalformedError, newerFormat, type NodeId } from '../base/index.js';
import type { Configuration } from './types.js';

const FORMAT = 1;

/** The bytes of a configuration: the data of its log entry, and what storage keeps beside log and cuts. */
export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const writer = new ByteWriter(128).u8(FORMAT);
  writeNodes(writer, configuration.voters);
  writeNodes(writer, configuration.outgoing);
  writeNodes(writer, configuration.learners);
  writeNodes(writer, configuration.learnersNext);
  return writer.bool(configuration.autoLeave).uint(configuration.leaseMs).finish();
}

/** Throws NEWER_FORMAT for one of a newer release, `MalformedError` for other bytes that nobody wrote. */
export function decodeConfiguration(bytes: Uint8Array): Configuration {
  const reader = new ByteReader(bytes);
  const format = reader.u8();
  if (format > FORMAT) throw newerFormat('a configuration', format, FORMAT);
  if (format !== FORMAT)
    throw new MalformedError(`configuration format ${format}, this release knows ${FORMAT}`);
  const configuration = {
    voters: readNodes(reader),
    outgoing: readNodes(reader),
    learners: readNodes(reader),
    learnersNext: readNodes(reader),
    autoLeave: reader.bool(),
    leaseMs: reader.uint(),
  };
  reader.expectEnd('configuration');
  return configuration;
}

function writeNodes(writer: ByteWriter, nodes: readonly NodeId[]): void {
  writer.uint(nodes.length);
  for (const node of nodes) writer.text(node);
}

function readNodes(reader: ByteReader): NodeId[] {
  const count = reader.uint();
  if (count > reader.remaining) throw new MalformedError(`${count} nodes in ${reader.remaining} bytes`);
  return Array.from({ length: count }, () => reader.text() as NodeId);
}
