// What travels beside text: the serializer 'structured' beside `fork` with serialization 'advanced' and a raw thread, in
// rounds that take turns. Usage: node benchmark/data/run.mjs [rounds]
import { createPeer } from '../peers/index.mjs';
import { scenarios } from './scenarios.mjs';

const rounds = Number(process.argv[2] ?? 5);
const names = ['ours-structured', 'fork-advanced', 'postMessage'];

const peers = names.map(createPeer);
for (const peer of peers) await peer.start();
console.log(`Node ${process.version}, ${rounds} rounds, medians\n`);
console.log(`| | ${peers.map(({ title }) => title).join(' | ')} |\n|---|${'---|'.repeat(peers.length)}`);
for (const { title, unit, work, measure } of scenarios) {
  const figures = peers.map(() => []);
  // The first round is for the compiler.
  for (let round = 0; round <= rounds; round++) {
    for (const [index, peer] of peers.entries()) {
      const figure = await measure(peer, work);
      if (round > 0) figures[index].push(figure);
    }
  }
  const medians = figures.map((all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)]);
  console.log(
    `| ${title}, ${unit} | ${medians.map((median) => Math.round(median).toLocaleString('en')).join(' | ')} |`,
  );
}
for (const peer of peers) await peer.stop();
