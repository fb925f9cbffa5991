// About 30 MB as JSON: the graph of a project, as the host of plugins has it. The same each time.

const size = 30e6;
const words = 'index render parse state util view größe model route token cache theme'.split(' ');

/** `scale` of it. */
export function createProject(scale = 1) {
  let seed = 1;
  const random = (below) => {
    seed = (seed * 48271) % 2147483647;
    return seed % below;
  };
  const name = () => `${words[random(words.length)]}${random(1000)}`;
  const modules = [];
  for (let written = 0; written < size * scale;) {
    const module = createModule(modules.length, random, name);
    written += JSON.stringify(module).length;
    modules.push(module);
  }
  return { root: '/srv/project', createdAt: 1_700_000_000_000.5, modules };
}

function createModule(id, random, name) {
  return {
    id,
    path: `src/${name()}/${name()}/${name()}.ts`,
    hash: `${random(2 ** 31).toString(16)}${random(2 ** 31).toString(16)}`,
    isEntry: random(50) === 0,
    owner: random(4) === 0 ? null : name(),
    size: random(100_000),
    weight: random(1e6) / 997,
    imports: Array.from({ length: random(8) }, () => ({
      from: random(id + 1),
      names: Array.from({ length: 1 + random(4) }, name),
      at: { line: random(500), column: random(100) },
    })),
    symbols: Array.from({ length: 4 + random(8) }, () => ({
      name: name(),
      kind: words[random(3)],
      range: [random(10_000), random(10_000)],
      doc: `The ${name()} of ${name()}, which ${name()} uses for ${name()}.`.repeat(1 + random(2)),
    })),
  };
}
