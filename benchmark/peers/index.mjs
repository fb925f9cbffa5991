// Everything that is measured. A peer is `{ name, title, pid, start(), echo(payload), stop() }`: one worker that echoes
// payloads, behind a promise per request. `start` need not wait for the worker to be ready.
import { ForkPeer } from './fork.mjs';
import { OursPeer, OursStructuredPeer, OursThreadsPeer } from './ours.mjs';
import { SocketPeer } from './socket.mjs';
import { ThreadsPeer } from './threads.mjs';

const factories = [
  () => new OursPeer(),
  () => new OursStructuredPeer(),
  () => new OursThreadsPeer(),
  () => new ThreadsPeer(),
  () => new ForkPeer('json'),
  () => new ForkPeer('advanced'),
  () => new SocketPeer(),
];

export const peerNames = factories.map((create) => create().name);

/** A new peer, with a worker of its own once it is started. */
export function createPeer(name) {
  return factories.map((create) => create()).find((peer) => peer.name === name);
}
