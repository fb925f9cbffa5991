// Broadcasts go over each connection of this process, to its host and to its workers, and from there on to theirs. These
// connections are a tree: nothing arrives twice.
import type { Frame } from '../frames.js';
import { original } from '../originals.js';

type BroadcastFrame = Extract<Frame, { kind: 'broadcast' }>;
type Post = (frame: Frame) => void;

const connections = new Set<Post>();
/** For each name that this process uses, the channel that connects it with the others. */
const relays = new Map<string, { readonly channel: InstanceType<typeof original.BroadcastChannel>; users: number }>();

export function joinBroadcasts(post: Post): void {
  connections.add(post);
}

export function leaveBroadcasts(post: Post): void {
  connections.delete(post);
}

/** A program has opened a channel of this name. */
export function openRelay(name: string): void {
  const known = relays.get(name);
  if (known !== undefined) return void known.users++;
  const channel = new original.BroadcastChannel(name);
  channel.unref();
  const onMessage = ({ data }: { data: unknown }) => sendOn({ kind: 'broadcast', name, body: { value: data } });
  // An event target, which the types of Node do not tell.
  (channel as unknown as EventTarget).addEventListener('message', onMessage as never);
  relays.set(name, { channel, users: 1 });
}

export function closeRelay(name: string): void {
  const relay = relays.get(name);
  if (relay === undefined || --relay.users > 0) return;
  drain(name);
  relays.delete(name);
  relay.channel.close();
}

/** Sends on what has arrived and was not reported yet: the event loop will not turn again. */
export function drainRelays(): void {
  for (const name of relays.keys()) drain(name);
}

function drain(name: string): void {
  const { channel } = relays.get(name) as { channel: InstanceType<typeof original.BroadcastChannel> };
  let received: { message: unknown } | undefined;
  while ((received = waitingIn(channel)) !== undefined) {
    sendOn({ kind: 'broadcast', name, body: { value: received.message } });
  }
}

/** Deno gives messages of ports alone. */
function waitingIn(channel: object): { message: unknown } | undefined {
  try {
    return original.receiveMessageOnPort(channel as never);
  } catch {
    return undefined;
  }
}

/** A broadcast from another process. */
export function onBroadcast(frame: BroadcastFrame, from: Post): void {
  relays.get(frame.name)?.channel.postMessage(frame.body.value);
  sendOn(frame, from);
}

/** A connection that cannot carry the value, or has just ended, gets nothing: a broadcast has no error. */
function sendOn(frame: Frame, from?: Post): void {
  for (const post of connections) {
    if (post === from) continue;
    try {
      post(frame);
    } catch (error) {
      process.emitWarning(`a broadcast was dropped: ${(error as Error).message}`);
    }
  }
}
