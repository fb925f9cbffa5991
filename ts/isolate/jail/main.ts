// The program of a process that holds isolates. Its host kills it when one of them overruns a limit.
import { Socket } from 'node:net';
import { deserialize } from 'node:v8';

import { exit, setInterval } from '../../util/primordials.js';
import type { NativeIsolate, NativeSetup } from '../binding.js';
import { eachEvent } from '../events.js';
import { Event } from '../generated.js';
import { type Library, load } from '../load.js';
import { Frame, frameOf, FrameReader } from './frames.js';

/** The descriptor of the connection to the host. */
const HOST = 3;
/** How often the limits of all isolates are compared, in milliseconds. */
const INTERVAL = 10;

const isolates = new Map<number, NativeIsolate>();
const host = new Socket({ fd: HOST, readable: true, writable: true });
/** Isolates with events, while the host takes nothing more: then their own limit for waiting messages counts. */
const waiting = new Set<number>();

function send(id: number, kind: Frame, bytes: Uint8Array): void {
  host.write(frameOf(id, kind, bytes));
}

function flush(id: number): void {
  if (host.writableNeedDrain) return void waiting.add(id);
  const batch = isolates.get(id)?.take();
  if (batch === undefined || batch.length === 0) return;
  eachEvent(batch, (event) => {
    if (event === Event.Ended) isolates.delete(id);
  });
  send(id, Frame.Events, batch);
}

function receive(id: number, kind: Frame, bytes: Buffer): void {
  if (kind === Frame.Start) {
    const setup = deserialize(bytes) as NativeSetup;
    const { NativeIsolate: Native } = load(setup.library as Library);
    isolates.set(
      id,
      Native.thread({ ...setup, data: Buffer.from(setup.data) }, () => flush(id)),
    );
    return;
  }
  const isolate = isolates.get(id);
  // It may have ended.
  if (isolate === undefined) return;
  if (kind === Frame.Post) isolate.post(bytes);
  else if (kind === Frame.Source) isolate.supply(bytes.toString());
  else if (kind === Frame.NoSource) {
    const [reason, code] = JSON.parse(bytes.toString()) as [string | null, string | null];
    isolate.supply(null, reason, code);
  } else if (kind === Frame.Kill) isolate.kill();
}

const reader = new FrameReader(receive);
host.on('data', (part) => reader.push(part));
host.on('drain', () => {
  const ids = [...waiting];
  waiting.clear();
  for (const id of ids) flush(id);
});
// Without its host, its isolates have no purpose.
host.on('close', exit);
host.on('error', exit);
setInterval(() => {
  for (const [id, isolate] of isolates) {
    const limit = isolate.overrun();
    if (limit >= 0) send(id, Frame.Overrun, Uint8Array.of(limit));
  }
}, INTERVAL);
