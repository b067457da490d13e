import { JuteReader } from '../../../lib/wire/zookeeper/jute-reader.js';
import { JuteWriter } from '../../../lib/wire/zookeeper/jute-writer.js';
import { FrameSplitter } from '../../../lib/wire/zookeeper/frame-splitter.js';

/** Bytes from hexadecimal digits; blanks and what follows a `;` in a line are for people. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/;.*$/gm, '').replaceAll(/\s/g, ''), 'hex');
}

/** What `write` wrote, as hexadecimal digits. */
export function written(write: (w: JuteWriter) => void): string {
  const w = new JuteWriter(8);
  write(w);
  return w.take().toString('hex');
}

export function reader(text: string): JuteReader {
  return new JuteReader(hex(text));
}

export function framesOf(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  new FrameSplitter().push(bytes, (frame) => frames.push(frame));
  return frames;
}
