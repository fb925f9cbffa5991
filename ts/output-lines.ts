import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

import type { HostChannel } from './drivers/host-channel.js';

/** In characters. */
const LONGEST = 65_536;

type Tell = (line: string, source: 'stdout' | 'stderr', worker: string) => void;

/** Tells each line of a worker's output, also a last one without an end. */
export function tellOutput(channel: HostChannel, worker: string, tell: Tell): void {
  const { stdout, stderr } = channel;
  channel.outputIsTold = true;
  const told = (source: 'stdout' | 'stderr') => (line: string) => {
    try {
      tell(line, source, worker);
    } catch (error) {
      // It is its user's, and must not cost the lines behind it.
      process.nextTick(() => {
        throw error;
      });
    }
  };
  if (stdout !== null) readLines(stdout, told('stdout'));
  if (stderr !== null) readLines(stderr, told('stderr'));
}

function readLines(stream: Readable, tell: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const cut = (line: string) => {
    let start = 0;
    for (; line.length - start > LONGEST; start += LONGEST) tell(line.slice(start, start + LONGEST));
    return line.slice(start);
  };
  const add = (text: string) => {
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      tell(cut(rest + text.slice(start, end)).replace(/\r$/, ''));
      rest = '';
      start = end + 1;
    }
    rest = cut(rest + text.slice(start));
  };
  stream.on('data', (chunk: Buffer | string) => add(typeof chunk === 'string' ? chunk : decoder.write(chunk)));
  // Not `end`, which a stream that is destroyed does not have.
  stream.once('close', () => {
    add(decoder.end());
    if (rest !== '') tell(rest);
    rest = '';
  });
  stream.on('error', () => {});
}
