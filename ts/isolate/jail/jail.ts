import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import path from 'node:path';
import { serialize } from 'node:v8';

import { clearTimeout, setTimeout } from '../../util/primordials.js';
import type { NativeSetup } from '../binding.js';
import { Ended, Event, eventOf } from '../events.js';
import type { Isolate } from '../isolate.js';
import { Frame, frameOf, FrameReader } from './frames.js';

/**
 * How long an isolate that the host kills may take, before its process is killed, in milliseconds. The process reports one that goes on
 * computing sooner; this is for a process that reports nothing any more.
 */
const KILL_GRACE = 5000;
const EMPTY = new Uint8Array();

/** A process that holds isolates. It is killed when one of them overruns a limit. */
export class Jail {
  private child: ChildProcess | undefined;
  private socket: Socket | undefined;
  private readonly isolates = new Map<number, JailedIsolate>();
  private last = 0;

  /** Starts an isolate; starts the process first, if there is none. */
  start(setup: NativeSetup, onEvents: () => void): Isolate {
    const id = ++this.last;
    const isolate = new JailedIsolate(onEvents, (kind, bytes) => this.send(id, kind, bytes));
    if (this.child === undefined) this.open();
    this.isolates.set(id, isolate);
    this.send(id, Frame.Start, serialize(setup));
    return isolate;
  }

  private open(): void {
    // Nothing of the host's environment and flags: neither secrets nor a debugger.
    const child = spawn(process.execPath, [path.join(__dirname, 'jail.cjs')], {
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
      env: {},
      windowsHide: true,
    });
    const socket = child.stdio[3] as unknown as Socket;
    this.child = child;
    this.socket = socket;
    child.unref();
    socket.unref();
    const reader = new FrameReader((id, kind, bytes) => this.receive(id, kind, bytes));
    socket.on('data', (part: Buffer) => reader.push(part));
    socket.on('error', () => {});
    child.once('error', (error) => this.lose(child, `the process of isolates could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      const how = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
      this.lose(child, `the process that held this isolate ${how}`);
    });
  }

  private send(id: number, kind: Frame, bytes: Uint8Array): void {
    if (kind === Frame.Kill) this.expectEnd(id);
    this.socket?.write(frameOf(id, kind, bytes));
  }

  /** An isolate must end now, or its process does. */
  private expectEnd(id: number): void {
    const isolate = this.isolates.get(id);
    if (isolate === undefined || isolate.farewell !== undefined) return;
    isolate.farewell = setTimeout(() => this.kill(), KILL_GRACE);
  }

  private kill(): void {
    this.child?.kill('SIGKILL');
  }

  private receive(id: number, kind: Frame, bytes: Buffer): void {
    const isolate = this.isolates.get(id);
    if (isolate === undefined) return;
    if (kind === Frame.Overrun) {
      isolate.overrun = bytes[0];
      return this.kill();
    }
    if (isolate.add(bytes)) this.remove(id, isolate);
    isolate.onEvents();
  }

  private remove(id: number, isolate: JailedIsolate): void {
    clearTimeout(isolate.farewell);
    this.isolates.delete(id);
    if (this.isolates.size > 0) return;
    // The next isolate has a new process.
    this.socket?.end();
    this.child = undefined;
    this.socket = undefined;
  }

  /** The process has ended. Those who have not overrun a limit have only been beside one that has. */
  private lose(child: ChildProcess, text: string): void {
    if (this.child !== child) return;
    this.child = undefined;
    this.socket = undefined;
    const lost = [...this.isolates.values()];
    this.isolates.clear();
    const offender = lost.some(({ overrun }) => overrun !== undefined);
    const why = offender ? `${text}, because another isolate in it went on beyond its end` : text;
    for (const isolate of lost) {
      clearTimeout(isolate.farewell);
      isolate.lose(why);
      isolate.onEvents();
    }
  }
}

/** One isolate in such a process. */
class JailedIsolate implements Isolate {
  farewell: NodeJS.Timeout | undefined;
  /** The number of the limit that it has overrun. */
  overrun: number | undefined;
  private batches: Buffer[] = [];
  private isWanted = true;

  constructor(
    readonly onEvents: () => void,
    private readonly send: (kind: Frame, bytes: Uint8Array) => void,
  ) {}

  /** Whether it has ended. */
  add(batch: Buffer): boolean {
    this.batches.push(batch);
    return endsWithEnd(batch);
  }

  lose(why: string): void {
    this.batches.push(eventOf(Event.Ended, this.endingOf(why)));
  }

  private endingOf(why: string): Buffer {
    if (!this.isWanted) return Buffer.of(Ended.Killed);
    if (this.overrun !== undefined) return Buffer.of(Ended.Limit, this.overrun);
    return Buffer.concat([Buffer.of(Ended.Panicked), Buffer.from(why)]);
  }

  take(): Buffer {
    return Buffer.concat(this.batches.splice(0));
  }

  /** Another process has no memory of this one. */
  takeMemories(): [] {
    return [];
  }

  post(message: Buffer): void {
    this.send(Frame.Post, message);
  }

  supply(source: string | null, reason: string | null): void {
    if (source === null) this.send(Frame.NoSource, Buffer.from(reason ?? ''));
    else this.send(Frame.Source, Buffer.from(source));
  }

  kill(): void {
    this.isWanted = false;
    this.send(Frame.Kill, EMPTY);
  }
}

function endsWithEnd(batch: Buffer): boolean {
  let last: Event | undefined;
  for (let at = 0; at < batch.length; at += 5 + batch.readUInt32LE(at + 1)) last = batch[at];
  return last === Event.Ended;
}
