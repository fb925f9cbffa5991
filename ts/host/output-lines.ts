import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

import type { HostChannel } from '../drivers/host-channel.js';
import { nextTick } from '../util/primordials.js';

/** In characters. */
const LONGEST = 65_536;

type Tell = (line: string, source: 'stdout' | 'stderr', worker: string) => void;

/** Reports each line of a worker's output, including an unterminated last one. */
export function forwardOutput(channel: HostChannel, worker: string, report: Tell): void {
  const { stdout, stderr } = channel;
  channel.isOutputReported = true;
  const reported = (source: 'stdout' | 'stderr') => (line: string) => {
    try {
      report(line, source, worker);
    } catch (error) {
      // The error is the user's, and must not cost the next lines.
      nextTick(() => {
        throw error;
      });
    }
  };
  if (stdout !== null) readLines(stdout, reported('stdout'));
  if (stderr !== null) readLines(stderr, reported('stderr'));
}

function readLines(stream: Readable, report: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const cut = (line: string) => {
    let start = 0;
    for (; line.length - start > LONGEST; start += LONGEST) report(line.slice(start, start + LONGEST));
    return line.slice(start);
  };
  const add = (text: string) => {
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      report(cut(rest + text.slice(start, end)).replace(/\r$/, ''));
      rest = '';
      start = end + 1;
    }
    rest = cut(rest + text.slice(start));
  };
  stream.on('data', (chunk: Buffer | string) => add(typeof chunk === 'string' ? chunk : decoder.write(chunk)));
  // Not `end`, which a destroyed stream does not emit.
  stream.once('close', () => {
    add(decoder.end());
    if (rest !== '') report(rest);
    rest = '';
  });
  stream.on('error', () => {});
}
