// What the serializer 'structured' promises beside its peers.
import { createPeer } from '../peers/index.mjs';
import { median } from '../report.mjs';
import { scenarios } from './scenarios.mjs';

const ours = 'ours-structured';

/** Of ours divided by the peer's. */
export const targets = [
  { scenario: 'small', peer: 'fork-advanced', limit: 3 },
  { scenario: 'text', peer: 'postMessage', limit: 1.5 },
  { scenario: 'bytes', peer: 'fork-advanced', limit: 0.2 },
  { scenario: 'bytes', peer: 'postMessage', limit: 1 },
];

/** A row of the report. */
export function judge({ scenario, peer, limit }, results) {
  const { title, better } = scenarios.find(({ name }) => name === scenario);
  const measured = median(results[ours][scenario]) / median(results[peer][scenario]);
  const isMet = better === 'lower' ? measured <= limit : measured >= limit;
  const bound = `${better === 'lower' ? 'at most' : 'at least'} ${limit.toFixed(2)}`;
  return [`${title}, ${createPeer(peer).title}`, bound, measured.toFixed(2), isMet ? 'met' : 'missed'];
}
